#include "opus_codec.h"

#include <algorithm>
#include <string>

#include "arguments.h"

namespace visavis {
namespace {

// RFC 6716, section 3.4: no packet of one frame is larger than 1275 bytes; 60 ms may hold three frames.
constexpr int kMaxPacketBytes = 4000;
// RFC 6716, section 2.1.4: a packet holds at most 120 ms.
constexpr int kMaxPacketMs = 120;

int RateArgument(const Napi::Value& value) {
  const int64_t rate = IntegerArgument(value, "sampleRateHz", 8000, 48000);
  if (rate != 8000 && rate != 12000 && rate != 16000 && rate != 24000 && rate != 48000) {
    ThrowArgument(value.Env(), "sampleRateHz", "8000, 12000, 16000, 24000 or 48000");
  }
  return static_cast<int>(rate);
}

bool IsFrameSize(size_t samples, int rate_hz) {
  // In units of 2.5 ms: 2.5, 5, 10, 20, 40, 60 ms.
  for (const size_t units : {1, 2, 4, 8, 16, 24}) {
    if (samples == units * static_cast<size_t>(rate_hz) / 400) return true;
  }
  return false;
}

[[noreturn]] void ThrowOpus(Napi::Env env, int code) {
  throw Napi::Error::New(env, std::string("libopus: ") + opus_strerror(code));
}

}  // namespace

Napi::Function OpusVoiceEncoder::Define(Napi::Env env) {
  return DefineClass(env, "OpusEncoder",
                     {InstanceMethod("encode", &OpusVoiceEncoder::Encode),
                      InstanceMethod("setPacketLoss", &OpusVoiceEncoder::SetPacketLoss),
                      InstanceMethod("close", &OpusVoiceEncoder::Close)});
}

OpusVoiceEncoder::OpusVoiceEncoder(const Napi::CallbackInfo& info) : Napi::ObjectWrap<OpusVoiceEncoder>(info) {
  const Napi::Env env = info.Env();
  rate_hz_ = RateArgument(info[0]);
  channels_ = static_cast<int>(IntegerArgument(info[1], "channels", 1, 2));
  const auto bitrate_kbps = static_cast<opus_int32>(IntegerOption(info[2], "bitrateKbps", 40, 6, 510));
  const bool fec = BooleanOption(info[2], "fec", true);
  const auto loss_percent = static_cast<opus_int32>(IntegerOption(info[2], "packetLossPercent", 5, 0, 100));
  const auto complexity = static_cast<opus_int32>(IntegerOption(info[2], "complexity", 9, 0, 10));

  int error = OPUS_OK;
  codec_ = opus_encoder_create(rate_hz_, channels_, OPUS_APPLICATION_VOIP, &error);
  if (error != OPUS_OK) ThrowOpus(env, error);
  const int results[] = {
      opus_encoder_ctl(codec_, OPUS_SET_BITRATE(bitrate_kbps * 1000)),
      opus_encoder_ctl(codec_, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE)),
      opus_encoder_ctl(codec_, OPUS_SET_COMPLEXITY(complexity)),
      opus_encoder_ctl(codec_, OPUS_SET_INBAND_FEC(fec ? 1 : 0)),
      opus_encoder_ctl(codec_, OPUS_SET_PACKET_LOSS_PERC(loss_percent)),
      opus_encoder_ctl(codec_, OPUS_SET_DTX(0)),
  };
  for (const int result : results) {
    if (result == OPUS_OK) continue;
    Release();
    ThrowOpus(env, result);
  }
}

OpusVoiceEncoder::~OpusVoiceEncoder() { Release(); }

void OpusVoiceEncoder::Release() {
  if (codec_ != nullptr) opus_encoder_destroy(codec_);
  codec_ = nullptr;
}

Napi::Value OpusVoiceEncoder::Encode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (codec_ == nullptr) throw Napi::Error::New(env, "the encoder is closed");
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_int16_array) {
    ThrowArgument(env, "samples", "an Int16Array");
  }
  Napi::Int16Array samples = info[0].As<Napi::Int16Array>();
  const size_t per_channel = samples.ElementLength() / static_cast<size_t>(channels_);
  if (samples.ElementLength() % static_cast<size_t>(channels_) != 0 || !IsFrameSize(per_channel, rate_hz_)) {
    ThrowArgument(env, "samples", "2.5, 5, 10, 20, 40 or 60 ms of audio at " + std::to_string(rate_hz_) + " Hz");
  }
  uint8_t packet[kMaxPacketBytes];
  const int length = opus_encode(codec_, samples.Data(), static_cast<int>(per_channel), packet, sizeof packet);
  if (length < 0) ThrowOpus(env, length);
  Napi::Uint8Array data = OwnedBytes(env, static_cast<size_t>(length));
  std::copy(packet, packet + length, data.Data());
  return data;
}

void OpusVoiceEncoder::SetPacketLoss(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (codec_ == nullptr) throw Napi::Error::New(env, "the encoder is closed");
  const auto percent = static_cast<opus_int32>(IntegerArgument(info[0], "percent", 0, 100));
  const int result = opus_encoder_ctl(codec_, OPUS_SET_PACKET_LOSS_PERC(percent));
  if (result != OPUS_OK) ThrowOpus(env, result);
}

void OpusVoiceEncoder::Close(const Napi::CallbackInfo&) { Release(); }

Napi::Function OpusVoiceDecoder::Define(Napi::Env env) {
  return DefineClass(
      env, "OpusDecoder",
      {InstanceMethod("decode", &OpusVoiceDecoder::Decode), InstanceMethod("decodeLost", &OpusVoiceDecoder::DecodeLost),
       InstanceMethod("decodeFec", &OpusVoiceDecoder::DecodeFec), InstanceMethod("reset", &OpusVoiceDecoder::Reset),
       InstanceMethod("close", &OpusVoiceDecoder::Close)});
}

OpusVoiceDecoder::OpusVoiceDecoder(const Napi::CallbackInfo& info) : Napi::ObjectWrap<OpusVoiceDecoder>(info) {
  rate_hz_ = RateArgument(info[0]);
  channels_ = static_cast<int>(IntegerArgument(info[1], "channels", 1, 2));
  scratch_.resize(static_cast<size_t>(rate_hz_) / 1000 * kMaxPacketMs * static_cast<size_t>(channels_));
  int error = OPUS_OK;
  codec_ = opus_decoder_create(rate_hz_, channels_, &error);
  if (error != OPUS_OK) ThrowOpus(info.Env(), error);
}

OpusVoiceDecoder::~OpusVoiceDecoder() { Release(); }

void OpusVoiceDecoder::Release() {
  if (codec_ != nullptr) opus_decoder_destroy(codec_);
  codec_ = nullptr;
}

Napi::Value OpusVoiceDecoder::Run(Napi::Env env, const uint8_t* data, size_t length, int samples, bool fec) {
  const int decoded =
      opus_decode(codec_, data, static_cast<opus_int32>(length), scratch_.data(), samples, fec ? 1 : 0);
  if (decoded < 0) ThrowOpus(env, decoded);
  const size_t count = static_cast<size_t>(decoded) * static_cast<size_t>(channels_);
  Napi::Int16Array out = Napi::Int16Array::New(env, count);
  std::copy(scratch_.begin(), scratch_.begin() + static_cast<std::ptrdiff_t>(count), out.Data());
  return out;
}

Napi::Value OpusVoiceDecoder::Decode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (codec_ == nullptr) throw Napi::Error::New(env, "the decoder is closed");
  Napi::Uint8Array packet = BytesArgument(info[0], "packet");
  if (packet.ByteLength() == 0) ThrowArgument(env, "packet", "not empty");
  return Run(env, packet.Data(), packet.ByteLength(), rate_hz_ / 1000 * kMaxPacketMs, false);
}

Napi::Value OpusVoiceDecoder::DecodeLost(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (codec_ == nullptr) throw Napi::Error::New(env, "the decoder is closed");
  const int64_t samples = IntegerArgument(info[0], "samples", rate_hz_ / 400, rate_hz_ / 1000 * kMaxPacketMs);
  if (samples % (rate_hz_ / 400) != 0) ThrowArgument(env, "samples", "a multiple of 2.5 ms");
  return Run(env, nullptr, 0, static_cast<int>(samples), false);
}

Napi::Value OpusVoiceDecoder::DecodeFec(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (codec_ == nullptr) throw Napi::Error::New(env, "the decoder is closed");
  Napi::Uint8Array next = BytesArgument(info[0], "nextPacket");
  if (next.ByteLength() == 0) ThrowArgument(env, "nextPacket", "not empty");
  const int samples = opus_packet_get_samples_per_frame(next.Data(), rate_hz_) *
                      opus_packet_get_nb_frames(next.Data(), static_cast<opus_int32>(next.ByteLength()));
  if (samples <= 0 || samples > rate_hz_ / 1000 * kMaxPacketMs) ThrowArgument(env, "nextPacket", "an Opus packet");
  return Run(env, next.Data(), next.ByteLength(), samples, true);
}

void OpusVoiceDecoder::Reset(const Napi::CallbackInfo& info) {
  if (codec_ == nullptr) throw Napi::Error::New(info.Env(), "the decoder is closed");
  opus_decoder_ctl(codec_, OPUS_RESET_STATE);
}

void OpusVoiceDecoder::Close(const Napi::CallbackInfo&) { Release(); }

}  // namespace visavis
