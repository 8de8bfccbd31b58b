#include <algorithm>
#include <cmath>
#include <string>

#include "arguments.h"
#include "vp8.h"

namespace visavis {
namespace {

constexpr int kClockHz = 90000;
constexpr int64_t kMaxSide = 4096;
constexpr int64_t kMinKbps = 30;
constexpr int64_t kMaxKbps = 50000;
// Rate control for a head that talks in front of a still background. The quantizer's floor (about 44 dB) keeps still
// pictures from spending the whole budget on noise; its ceiling keeps a burst of movement legible.
constexpr unsigned kMinQuantizer = 16;
constexpr unsigned kMaxQuantizer = 56;
constexpr unsigned kBufferMs = 1000;
constexpr unsigned kBufferStartMs = 500;
constexpr unsigned kBufferOptimalMs = 600;
constexpr unsigned kUndershootPercent = 100;
constexpr unsigned kOvershootPercent = 15;
constexpr int kSpeed = -6;
// Key frames. libvpx's one-pass estimate misses their size by a factor of three either way, so their quantizer is chosen
// here: the best picture that costs at most this many frames' budget.
constexpr double kKeyFrameBudgets = 4.5;
constexpr double kKeyFrameTooSmall = 0.5;
constexpr unsigned kFirstKeyQuantizer = 28;
constexpr int kKeyFrameTries = 4;
// Bytes of an intra picture fall by about this factor (natural logarithm) per step of the quantizer.
constexpr double kLogBytesPerStep = 0.04;

}  // namespace

Napi::Function Vp8Encoder::Define(Napi::Env env) {
  return DefineClass(env, "Vp8Encoder",
                     {InstanceMethod("encode", &Vp8Encoder::Encode), InstanceMethod("setBitrate", &Vp8Encoder::SetBitrate),
                      InstanceMethod("close", &Vp8Encoder::Close)});
}

Vp8Encoder::Vp8Encoder(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Vp8Encoder>(info) {
  const Napi::Env env = info.Env();
  width_ = static_cast<uint32_t>(IntegerArgument(info[0], "width", 16, kMaxSide));
  height_ = static_cast<uint32_t>(IntegerArgument(info[1], "height", 16, kMaxSide));
  if (width_ % 2 != 0) ThrowArgument(env, "width", "even");
  if (height_ % 2 != 0) ThrowArgument(env, "height", "even");
  const int64_t kbps = IntegerOption(info[2], "bitrateKbps", 1000, kMinKbps, kMaxKbps);
  const int64_t fps = IntegerOption(info[2], "fps", 25, 1, 120);
  ticks_per_frame_ = static_cast<uint32_t>(kClockHz / fps);
  key_quantizer_ = kFirstKeyQuantizer;

  if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &config_, 0) != VPX_CODEC_OK) {
    throw Napi::Error::New(env, "libvpx has no VP8 encoder");
  }
  config_.g_w = width_;
  config_.g_h = height_;
  config_.g_timebase = {1, kClockHz};
  config_.g_threads = 1;
  config_.g_lag_in_frames = 0;
  config_.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  config_.kf_mode = VPX_KF_DISABLED;
  config_.rc_end_usage = VPX_CBR;
  config_.rc_target_bitrate = static_cast<unsigned>(kbps);
  config_.rc_dropframe_thresh = 0;
  config_.rc_resize_allowed = 0;
  config_.rc_min_quantizer = kMinQuantizer;
  config_.rc_max_quantizer = kMaxQuantizer;
  config_.rc_buf_sz = kBufferMs;
  config_.rc_buf_initial_sz = kBufferStartMs;
  config_.rc_buf_optimal_sz = kBufferOptimalMs;
  config_.rc_undershoot_pct = kUndershootPercent;
  config_.rc_overshoot_pct = kOvershootPercent;
  if (vpx_codec_enc_init(&codec_, vpx_codec_vp8_cx(), &config_, 0) != VPX_CODEC_OK) {
    throw Napi::Error::New(env, std::string("libvpx: ") + vpx_codec_error(&codec_));
  }
  open_ = true;
  try {
    Control(env, VP8E_SET_CPUUSED, kSpeed);
    Control(env, VP8E_SET_STATIC_THRESHOLD, 1);
    Control(env, VP8E_SET_NOISE_SENSITIVITY, 0);
    Control(env, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION);
  } catch (...) {
    Release();
    throw;
  }
}

Vp8Encoder::~Vp8Encoder() { Release(); }

void Vp8Encoder::Release() {
  if (open_) vpx_codec_destroy(&codec_);
  open_ = false;
}

void Vp8Encoder::Control(Napi::Env env, int id, int value) {
  if (vpx_codec_control_(&codec_, id, value) != VPX_CODEC_OK) {
    throw Napi::Error::New(env, std::string("libvpx: ") + vpx_codec_error(&codec_));
  }
}

Napi::Value Vp8Encoder::Encode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!open_) throw Napi::Error::New(env, "the encoder is closed");
  Napi::Uint8Array i420 = BytesArgument(info[0], "i420");
  const size_t expected = static_cast<size_t>(width_) * height_ * 3 / 2;
  if (i420.ByteLength() != expected) {
    ThrowArgument(env, "i420", std::to_string(expected) + " bytes (" + std::to_string(width_) + "x" + std::to_string(height_) +
                                   " I420), not " + std::to_string(i420.ByteLength()));
  }
  vpx_image_t image;
  if (vpx_img_wrap(&image, VPX_IMG_FMT_I420, width_, height_, 1, i420.Data()) == nullptr) {
    throw Napi::Error::New(env, "libvpx: cannot wrap the frame");
  }
  const bool first = ticks_ == 0;
  const vpx_codec_cx_pkt_t* packet =
      first || info[1].ToBoolean() ? EncodeKeyFrame(env, image, first) : EncodeOnce(env, image, 0);

  const auto* bytes = static_cast<const uint8_t*>(packet->data.frame.buf);
  Napi::Uint8Array data = OwnedBytes(env, packet->data.frame.sz);
  std::copy(bytes, bytes + packet->data.frame.sz, data.Data());
  Napi::Object result = Napi::Object::New(env);
  result.Set("data", data);
  result.Set("keyFrame", Napi::Boolean::New(env, (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0));
  return result;
}

// The packet stays valid until the next call of the encoder.
const vpx_codec_cx_pkt_t* Vp8Encoder::EncodeOnce(Napi::Env env, const vpx_image_t& image, vpx_enc_frame_flags_t flags) {
  if (vpx_codec_encode(&codec_, &image, ticks_, ticks_per_frame_, flags, VPX_DL_REALTIME) != VPX_CODEC_OK) {
    throw Napi::Error::New(env, std::string("libvpx: ") + vpx_codec_error(&codec_));
  }
  ticks_ += ticks_per_frame_;
  vpx_codec_iter_t iterator = nullptr;
  while (const vpx_codec_cx_pkt_t* packet = vpx_codec_get_cx_data(&codec_, &iterator)) {
    if (packet->kind == VPX_CODEC_CX_FRAME_PKT) return packet;
  }
  throw Napi::Error::New(env, "libvpx: no frame came out");
}

// A key frame refers to nothing, so an attempt of the wrong size may be thrown away and encoded again. Later key frames
// begin where the last one ended and are only ever repeated when they are too large: they must not cost a frame's time.
const vpx_codec_cx_pkt_t* Vp8Encoder::EncodeKeyFrame(Napi::Env env, const vpx_image_t& image, bool first) {
  const double most_bytes = kKeyFrameBudgets * config_.rc_target_bitrate * 125.0 * ticks_per_frame_ / kClockHz;
  const vpx_codec_cx_pkt_t* packet = nullptr;
  unsigned quantizer = key_quantizer_;
  for (int attempt = 1;; attempt++) {
    SetQuantizers(env, quantizer, quantizer);
    packet = EncodeOnce(env, image, VPX_EFLAG_FORCE_KF);
    const double size = static_cast<double>(packet->data.frame.sz) / most_bytes;
    // Aims below the limit, since the fall per step differs from picture to picture.
    const double steps = std::log(size / 0.8) / kLogBytesPerStep;
    const double next = std::clamp(std::round(quantizer + steps), static_cast<double>(kMinQuantizer), static_cast<double>(kMaxQuantizer));
    key_quantizer_ = size > 1 || size < kKeyFrameTooSmall ? static_cast<unsigned>(next) : quantizer;
    const bool again = size > 1 || (first && size < kKeyFrameTooSmall);
    if (!again || attempt == kKeyFrameTries || key_quantizer_ == quantizer) break;
    quantizer = key_quantizer_;
  }
  // Only now: the packet lies in the encoder's own memory, which a change of configuration leaves alone.
  SetQuantizers(env, kMinQuantizer, kMaxQuantizer);
  return packet;
}

void Vp8Encoder::SetQuantizers(Napi::Env env, unsigned min, unsigned max) {
  config_.rc_min_quantizer = min;
  config_.rc_max_quantizer = max;
  if (vpx_codec_enc_config_set(&codec_, &config_) != VPX_CODEC_OK) {
    throw Napi::Error::New(env, std::string("libvpx: ") + vpx_codec_error(&codec_));
  }
}

void Vp8Encoder::SetBitrate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!open_) throw Napi::Error::New(env, "the encoder is closed");
  const unsigned before = config_.rc_target_bitrate;
  config_.rc_target_bitrate = static_cast<unsigned>(IntegerArgument(info[0], "bitrateKbps", kMinKbps, kMaxKbps));
  if (vpx_codec_enc_config_set(&codec_, &config_) != VPX_CODEC_OK) {
    config_.rc_target_bitrate = before;
    throw Napi::Error::New(env, std::string("libvpx: ") + vpx_codec_error(&codec_));
  }
}

void Vp8Encoder::Close(const Napi::CallbackInfo&) { Release(); }

}  // namespace visavis
