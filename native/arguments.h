// Checked reading of JavaScript arguments: every failure is a TypeError that names the argument and what was expected.
#pragma once
#include "napi_config.h"

#include <cmath>
#include <cstdint>
#include <string>

namespace visavis {

[[noreturn]] inline void ThrowArgument(Napi::Env env, const std::string& name, const std::string& expected) {
  throw Napi::TypeError::New(env, name + " must be " + expected);
}

inline int64_t IntegerArgument(const Napi::Value& value, const char* name, int64_t min, int64_t max) {
  const std::string expected = "an integer from " + std::to_string(min) + " to " + std::to_string(max);
  if (!value.IsNumber()) ThrowArgument(value.Env(), name, expected);
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= static_cast<double>(min) && number <= static_cast<double>(max)) || number != std::floor(number)) {
    ThrowArgument(value.Env(), name, expected);
  }
  return static_cast<int64_t>(number);
}

// A property of an options object; `fallback` when the object or the property is absent.
inline int64_t IntegerOption(const Napi::Value& options, const char* name, int64_t fallback, int64_t min, int64_t max) {
  if (options.IsUndefined()) return fallback;
  if (!options.IsObject()) ThrowArgument(options.Env(), "options", "an object");
  const Napi::Value value = options.As<Napi::Object>().Get(name);
  if (value.IsUndefined()) return fallback;
  return IntegerArgument(value, name, min, max);
}

inline bool BooleanOption(const Napi::Value& options, const char* name, bool fallback) {
  if (options.IsUndefined()) return fallback;
  if (!options.IsObject()) ThrowArgument(options.Env(), "options", "an object");
  const Napi::Value value = options.As<Napi::Object>().Get(name);
  if (value.IsUndefined()) return fallback;
  if (!value.IsBoolean()) ThrowArgument(options.Env(), name, "a boolean");
  return value.As<Napi::Boolean>().Value();
}

inline Napi::Uint8Array BytesArgument(const Napi::Value& value, const char* name) {
  if (!value.IsTypedArray()) ThrowArgument(value.Env(), name, "a Uint8Array");
  const napi_typedarray_type type = value.As<Napi::TypedArray>().TypedArrayType();
  if (type != napi_uint8_array && type != napi_uint8_clamped_array) ThrowArgument(value.Env(), name, "a Uint8Array");
  return value.As<Napi::Uint8Array>();
}

// Bytes in an ArrayBuffer of their own, so that JavaScript may transfer them to another thread.
inline Napi::Uint8Array OwnedBytes(Napi::Env env, size_t length) {
  return Napi::Uint8Array::New(env, length, Napi::ArrayBuffer::New(env, length), 0);
}

}  // namespace visavis
