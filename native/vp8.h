// VP8 through libvpx: one realtime encoder and one decoder class.
#pragma once
#include "napi_config.h"
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

namespace visavis {

class Vp8Encoder : public Napi::ObjectWrap<Vp8Encoder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Vp8Encoder(const Napi::CallbackInfo& info);
  ~Vp8Encoder() override;

 private:
  Napi::Value Encode(const Napi::CallbackInfo& info);
  void SetBitrate(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  const vpx_codec_cx_pkt_t* EncodeOnce(Napi::Env env, const vpx_image_t& image, vpx_enc_frame_flags_t flags);
  const vpx_codec_cx_pkt_t* EncodeKeyFrame(Napi::Env env, const vpx_image_t& image, bool first);
  void SetQuantizers(Napi::Env env, unsigned min, unsigned max);
  void Control(Napi::Env env, int id, int value);
  void Release();

  vpx_codec_ctx_t codec_{};
  vpx_codec_enc_cfg_t config_{};
  bool open_ = false;
  uint32_t width_ = 0;
  uint32_t height_ = 0;
  int64_t ticks_ = 0;
  uint32_t ticks_per_frame_ = 0;
  unsigned key_quantizer_ = 0;
};

class Vp8Decoder : public Napi::ObjectWrap<Vp8Decoder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Vp8Decoder(const Napi::CallbackInfo& info);
  ~Vp8Decoder() override;

 private:
  Napi::Value Decode(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void Release();

  vpx_codec_ctx_t codec_{};
  bool open_ = false;
};

}  // namespace visavis
