// Opus through libopus: encoder with in-band FEC, decoder with concealment and FEC recovery.
#pragma once
#include "napi_config.h"
#include <opus.h>

#include <vector>

namespace visavis {

class OpusVoiceEncoder : public Napi::ObjectWrap<OpusVoiceEncoder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit OpusVoiceEncoder(const Napi::CallbackInfo& info);
  ~OpusVoiceEncoder() override;

 private:
  Napi::Value Encode(const Napi::CallbackInfo& info);
  void SetPacketLoss(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void Release();

  OpusEncoder* codec_ = nullptr;
  int rate_hz_ = 0;
  int channels_ = 0;
};

class OpusVoiceDecoder : public Napi::ObjectWrap<OpusVoiceDecoder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit OpusVoiceDecoder(const Napi::CallbackInfo& info);
  ~OpusVoiceDecoder() override;

 private:
  Napi::Value Decode(const Napi::CallbackInfo& info);
  Napi::Value DecodeLost(const Napi::CallbackInfo& info);
  Napi::Value DecodeFec(const Napi::CallbackInfo& info);
  void Reset(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  Napi::Value Run(Napi::Env env, const uint8_t* data, size_t length, int samples, bool fec);
  void Release();

  OpusDecoder* codec_ = nullptr;
  int rate_hz_ = 0;
  int channels_ = 0;
  std::vector<int16_t> scratch_;
};

}  // namespace visavis
