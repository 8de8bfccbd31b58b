"""Who the stock avatars are: weights of the head's shapes, proportions, colours, hair, clothes. Colours are sRGB 0…255,
lengths centimetres."""


def _identity(*weights):
    return {f"identity{i:03d}": w for i, w in enumerate(weights)}


def _both(**weights):
    return {f"{name}_{side}": w for name, w in weights.items() for side in "LR"}


PEOPLE = {
    # A woman in her thirties: fair skin, green-brown eyes, chestnut hair to the shoulders.
    "mara": dict(
        seed=5,
        exposure=0.08,
        weights={
            **_identity(-0.45, -0.16, 0.23, -0.23, -0.65, 1.10, 0.26, 0.26, -0.59, -0.38, 0.35, -0.07, 0.59, 0.96, -0.72, -0.83, 0.63,
            -0.02, 0.41, 0.80),
            **_both(mouthSmile=0.75, cheekSquint=0.25, mouthDimple=0.10, eyeWide=0.12),
        },
        proportions=dict(eye=0.15, nose=0.08, jaw=0.17, wide=0.03, chin_z=0.1, neck=0.11, lips=0.10, lip_z=0.1),
        skin=dict(
            base=(232, 172, 140), red=(206, 108, 94), dark=(168, 110, 88), cheek=0.36, rough=0.46, freckles=120, freckle_strength=0.30,
            lip=(190, 96, 92), make_up=0.35, liner=(78, 50, 42), liner_strength=0.40, scalp=(40, 24, 16),
        ),
        eye=dict(outer=(74, 66, 40), inner=(128, 96, 50)),
        hair=dict(style="long", melanin=0.76, redness=0.40, n=46000, radius=0.020, tip=0.90, part=1.9, clump=0.34, clumps=1100,
        volume=1.15),
        brow=dict(n=420, tint=(120, 84, 64), tint_strength=0.34, melanin=0.70, thick=0.44, radius=0.0068, dy=-0.66, arch=0.06, tilt=-0.05),
        lash=dict(length=1.05, n=210, radius=0.014),
        cloth=dict(kind="crew", colour=(50, 92, 104), wide=0.9),
        wall=((222, 226, 228), (150, 160, 168)),
    ),
    # A man of about thirty: brown skin, black cropped hair, short stubble.
    "sam": dict(
        seed=9,
        weights={
            **_identity(0.25, 0.35, -0.4, -0.6, 0.6, 0.5),
            **_both(mouthSmile=0.60, cheekSquint=0.25, mouthDimple=0.12, eyeSquint=0.10),
        },
        proportions=dict(eye=0.05, nose=0.03, jaw=-0.02, chin_y=-0.45, neck=-0.02),
        skin=dict(
            base=(132, 86, 62), red=(122, 62, 48), dark=(74, 44, 32), cheek=0.2, rough=0.52, freckles=15, freckle_strength=0.2,
            lip=(124, 72, 66), lip_strength=0.75, beard=0.34, beard_colour=(62, 44, 36), stubble=16000, stubble_length=0.11,
            stubble_radius=0.0048, liner=(44, 28, 22), liner_strength=0.35, scalp=(34, 23, 18), pores=1.2,
        ),
        eye=dict(outer=(40, 26, 16), inner=(74, 46, 26)),
        hair=dict(
            style="cropped", melanin=1.0, redness=0.35, ior=1.22, n=46000, length=1.7, coil=0.09, coil_rate=7, rough=0.5, mess=0.22,
            sweep=0.08,
            clumps=4200, clump=0.40, radius=0.016, tip=1.0, soft=0.42,
        ),
        brow=dict(n=420, tint=(58, 40, 30), tint_strength=0.30, melanin=0.9, thick=0.44, radius=0.0075, dy=-0.78, arch=-0.05, tilt=0.02,
        uneven=0.06),
        lash=dict(length=0.7, n=120),
        cloth=dict(kind="roll", colour=(186, 170, 142)),
        wall=((206, 214, 222), (120, 134, 150)),
    ),
    # A woman in her forties: dark skin, brown eyes, short natural curls.
    "ines": dict(
        seed=21,
        frame=dict(width=36.5, rise=0.8),
        weights={
            **_identity(-0.09, -0.37, -0.44, 0.04, 0.60, -0.08, -0.92, 0.28, -0.33, -0.12, 1.02, 1.10, 0.33, 0.57, -0.84, 0.85, -0.77,
            0.09, 0.41, -0.18),
            **_both(mouthSmile=0.80, cheekSquint=0.35, mouthDimple=0.12, eyeWide=0.10),
        },
        proportions=dict(eye=0.17, nose=-0.06, jaw=0.19, wide=0.03, chin_z=0.1, chin_y=0.2, neck=0.10, lips=0.26, lip_z=0.16, mouth_width=0.03),
        skin=dict(
            base=(108, 68, 48), red=(112, 54, 44), dark=(58, 34, 25), cheek=0.24, rough=0.54, gloss=0.36, mottled=0.2, lid_red=0.05, lip_rough=0.46,
            freckles=10, freckle_strength=0.2,
            lip=(126, 58, 60), lip_strength=0.8, make_up=0.75, shadow=(74, 44, 34), liner=(30, 18, 14), liner_strength=0.65,
            moles=[(-2.9, -1.9, 0.045)], scalp=(26, 17, 13), under_eye=0.10,
        ),
        eye=dict(outer=(46, 28, 17), inner=(84, 52, 28)),
        hair=dict(
            style="curls", melanin=0.97, redness=0.35, n=42000, length=3.7, coil=0.30, coil_rate=3.4, ringlets=1700, radius=0.013, tip=0.9,
            rough=0.42, ior=1.4, soft=0.35,
        ),
        brow=dict(n=420, tint=(44, 28, 20), tint_strength=0.32, melanin=0.95, thick=0.33, radius=0.0065, dy=-0.58, arch=0.20, tilt=0.05),
        lash=dict(length=1.3, n=260, radius=0.016),
        studs=dict(colour=(222, 178, 92), radius=0.24),
        cloth=dict(kind="crew", colour=(150, 62, 48), wide=0.94),
        wall=((232, 226, 218), (178, 164, 150)),
    ),
    # A man of about sixty: ruddy fair skin, blue-grey eyes, short grey hair, blue shirt.
    "arthur": dict(
        seed=33,
        weights={
            **_identity(0.55, -0.55, 0.50, 0.35, 0.85, -0.45, 0.50, -0.70, 0.35, 0.45, -0.55, -0.30, -0.40, -0.60, 0.45, 0.30, 0.20, -0.40,
            -0.20, 0.25),
            **_both(mouthSmile=0.50, cheekSquint=0.25, mouthDimple=0.10, eyeSquint=0.14, browDown=0.06),
        },
        proportions=dict(eye=-0.02, nose=-0.10, nose_z=-0.15, jaw=0.02, chin_y=-0.15, neck=0.02, lips=-0.16, lip_z=-0.05, brow_z=0.18,
        age=1.0),
        skin=dict(
            base=(222, 164, 138), red=(196, 98, 84), dark=(150, 98, 80), cheek=0.26, rough=0.48, freckles=40, freckle_strength=0.25,
            lip=(176, 108, 100), lip_strength=0.62, liner=(150, 92, 82), liner_strength=0.30, scalp=(176, 138, 120), pores=1.1,
            wrinkles=1.5, mottled=0.7, lid_red=0.05,
            under_eye=0.20, beard=0.10, beard_colour=(150, 138, 132), stubble=7000, stubble_length=0.07, stubble_radius=0.004,
            stubble_grey=0.8,
            stubble_melanin=0.4, age_spots=[(-5.1, 6.2, 0.22), (4.9, 7.3, 0.16), (5.6, 1.2, 0.2), (-4.6, 7.9, 0.12), (3.1, 8.9, 0.1)],
        ),
        eye=dict(outer=(84, 92, 98), inner=(120, 124, 118), white=(216, 205, 198)),
        hair=dict(
            style="cropped", melanin=0.50, redness=0.05, grey=0.72, grey_melanin=0.012, n=44000, length=2.7, side=0.55, points=16,
            sweep=0.95, part=-3.0,
            back=0.75, lift=0.62, mess=0.20, clumps=1500, clump=0.38, radius=0.015, tip=0.9, soft=0.55, volume=0.9,
            line=[
                (0, 10.7), (10, 10.8), (20, 11.1), (30, 10.9), (40, 9.8), (48, 8.6), (56, 7.0), (63, 5.8), (70, 4.6), (76, 3.0), (80, 1.6),
                (84, 1.2),
                (87, 5.2), (112, 5.0), (118, 1.0), (130, -3), (150, -5.2), (180, -6),
            ],
        ),
        brow=dict(
            n=330, tint=(128, 106, 94), tint_strength=0.30, melanin=0.72, grey=0.45, thick=0.46, radius=0.008, dy=-0.80, arch=-0.02,
            tilt=-0.10, length=1.1,
            uneven=0.08,
        ),
        lash=dict(length=0.55, n=90, melanin=0.6),
        cloth=dict(kind="shirt", colour=(126, 150, 182), wide=1.03),
        wall=((224, 222, 216), (156, 158, 150)),
    ),
}
