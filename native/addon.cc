// The addon's exports. Nothing is kept in globals: it may be loaded by several worker threads of one process at once.
#include "napi_config.h"
#include <opus.h>
#include <vpx/vpx_codec.h>

#include "opus_codec.h"
#include "thread_priority.h"
#include "vp8.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Vp8Encoder", visavis::Vp8Encoder::Define(env));
  exports.Set("Vp8Decoder", visavis::Vp8Decoder::Define(env));
  exports.Set("OpusEncoder", visavis::OpusVoiceEncoder::Define(env));
  exports.Set("OpusDecoder", visavis::OpusVoiceDecoder::Define(env));
  exports.Set("setThreadNice", Napi::Function::New(env, visavis::SetThreadNice, "setThreadNice"));
  exports.Set("setThreadRealtime", Napi::Function::New(env, visavis::SetThreadRealtime, "setThreadRealtime"));
  Napi::Object versions = Napi::Object::New(env);
  versions.Set("vpx", Napi::String::New(env, vpx_codec_version_str()));
  versions.Set("opus", Napi::String::New(env, opus_get_version_string()));
  exports.Set("versions", versions);
  return exports;
}

}  // namespace

NODE_API_MODULE(visavis, Init)
