#include <cstring>
#include <string>

#include "arguments.h"
#include "vp8.h"

namespace visavis {

Napi::Function Vp8Decoder::Define(Napi::Env env) {
  return DefineClass(env, "Vp8Decoder",
                     {InstanceMethod("decode", &Vp8Decoder::Decode), InstanceMethod("close", &Vp8Decoder::Close)});
}

Vp8Decoder::Vp8Decoder(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Vp8Decoder>(info) {
  vpx_codec_dec_cfg_t config{};
  config.threads = 1;
  if (vpx_codec_dec_init(&codec_, vpx_codec_vp8_dx(), &config, 0) != VPX_CODEC_OK) {
    throw Napi::Error::New(info.Env(), "libvpx: cannot open a VP8 decoder");
  }
  open_ = true;
}

Vp8Decoder::~Vp8Decoder() { Release(); }

void Vp8Decoder::Release() {
  if (open_) vpx_codec_destroy(&codec_);
  open_ = false;
}

Napi::Value Vp8Decoder::Decode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!open_) throw Napi::Error::New(env, "the decoder is closed");
  Napi::Uint8Array data = BytesArgument(info[0], "data");
  if (data.ByteLength() == 0) ThrowArgument(env, "data", "not empty");
  if (vpx_codec_decode(&codec_, data.Data(), static_cast<unsigned>(data.ByteLength()), nullptr, 0) != VPX_CODEC_OK) {
    throw Napi::Error::New(env, std::string("libvpx: ") + vpx_codec_error(&codec_));
  }
  vpx_codec_iter_t iterator = nullptr;
  const vpx_image_t* image = vpx_codec_get_frame(&codec_, &iterator);
  if (image == nullptr) return env.Null();

  const size_t width = image->d_w;
  const size_t height = image->d_h;
  const size_t chroma_width = (width + 1) / 2;
  const size_t chroma_height = (height + 1) / 2;
  Napi::Uint8Array i420 = OwnedBytes(env, width * height + 2 * chroma_width * chroma_height);
  uint8_t* out = i420.Data();
  for (int plane = 0; plane < 3; plane++) {
    const size_t row_bytes = plane == 0 ? width : chroma_width;
    const size_t rows = plane == 0 ? height : chroma_height;
    for (size_t row = 0; row < rows; row++, out += row_bytes) {
      std::memcpy(out, image->planes[plane] + row * static_cast<size_t>(image->stride[plane]), row_bytes);
    }
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("i420", i420);
  result.Set("width", Napi::Number::New(env, static_cast<double>(width)));
  result.Set("height", Napi::Number::New(env, static_cast<double>(height)));
  return result;
}

void Vp8Decoder::Close(const Napi::CallbackInfo&) { Release(); }

}  // namespace visavis
