"""Skin, eyes, mouth and hair as Cycles shades them."""
from maps import LEFT, SIDE, TOP
from scene import Material, linear
from skin_maps import RELIEF_CM


def skin_material(skin, colour_path, relief_path):
    """Wants the vertex attributes `rest` (place in the neutral head) and `scalp` (0…1), and a uv from `skin_uv`."""
    m = Material("skin")
    colour = m.image(colour_path)
    parts = m.node("SeparateColor", {0: m.image(relief_path, data=True)})
    rough, relief, lips = parts.outputs[0], parts.outputs[1], parts.outputs[2]
    rest = m.node("Attribute", attribute_name="rest").outputs["Vector"]
    scalp = m.node("Attribute", attribute_name="scalp").outputs["Fac"]
    shaded = m.node("MixRGB", {0: m.math("MULTIPLY", scalp, 0.95), 1: colour, 2: (*linear(skin["scalp"]), 1)}).outputs[0]
    cells = m.node("TexVoronoi", {"Vector": rest, "Scale": 9.5, "Randomness": 1}, feature="F1").outputs["Distance"]
    rippled = m.node("TexNoise", {"Vector": rest, "Scale": 14, "Detail": 5}).outputs["Fac"]
    texture = m.math("MULTIPLY", m.math("MULTIPLY_ADD", cells, 0.8, rippled), m.math("SUBTRACT", 1.0, lips))
    fine = m.node("Bump", {"Strength": skin.get("bump", 0.26), "Distance": 0.05, "Height": texture}).outputs[0]
    normal = m.node("Bump", {"Strength": 1.0, "Distance": RELIEF_CM, "Height": relief, "Normal": fine}).outputs[0]
    gloss = m.node("MapRange", {"Value": scalp, "To Min": skin.get("gloss", 0.46), "To Max": 0.03}).outputs[0]
    m.set(
        Base_Color=shaded, Subsurface_Color=shaded, Roughness=rough, Normal=normal, Specular=gloss,
        Subsurface=skin.get("subsurface", 0.17), Subsurface_Radius=(0.32, 0.11, 0.06),
    )
    m.shader.subsurface_method = "RANDOM_WALK"
    return m.material


def skin_uv(neutral):
    import numpy as np

    return np.c_[(neutral[:, 0] - LEFT) / SIDE, 1 - (TOP - neutral[:, 1]) / SIDE]


def eyeball_material(path):
    m = Material("eyeball")
    colour = m.image(path)
    m.set(Base_Color=colour, Subsurface_Color=colour, Roughness=0.5, Specular=0.1, Subsurface=0.06, Subsurface_Radius=(0.2, 0.1, 0.08))
    return m.material


def clear_material(name, roughness, ior):
    """Sees through but for its reflection: cornea and tears."""
    m = Material(name, principled=False)
    reflect = m.node("BsdfGlossy", {"Roughness": roughness}).outputs[0]
    through = m.node("BsdfTransparent").outputs[0]
    share = m.node("Fresnel", {"IOR": ior}).outputs[0]
    m.link(m.node("MixShader", {0: share, 1: through, 2: reflect}).outputs[0], m.output.inputs[0])
    return m.material


def wet_material(name, colour, roughness, subsurface, radius):
    m = Material(name)
    tint = (*linear(colour), 1)
    m.set(Base_Color=tint, Subsurface_Color=tint, Roughness=roughness, Specular=0.5, Subsurface=subsurface, Subsurface_Radius=radius)
    return m.material


def hair_material(name, melanin, redness, roughness=0.32, spread=0.15, tip=1.0, ior=1.55):
    """`melanin` 0 white … 1 black; `tip` times as much at the ends; `spread` differs from hair to hair."""
    m = Material(name, principled=False)
    along = m.node("HairInfo").outputs["Intercept"]
    pigment = m.node("MapRange", {"Value": along, "To Min": melanin * 1.04, "To Max": melanin * tip}).outputs[0]
    inputs = {
        "Melanin": pigment, "Melanin Redness": redness, "Roughness": roughness, "Radial Roughness": 0.45, "IOR": ior,
        "Random Color": spread, "Random Roughness": 0.2,
    }
    m.link(m.node("BsdfHairPrincipled", inputs, parametrization="MELANIN").outputs[0], m.output.inputs[0])
    return m.material
