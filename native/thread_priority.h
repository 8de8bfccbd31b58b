// Scheduling of the calling thread.
#pragma once
#include "napi_config.h"

namespace visavis {

// setThreadNice(nice) → the nice value in force afterwards; a refusal changes nothing and is no error.
Napi::Value SetThreadNice(const Napi::CallbackInfo& info);
// setThreadRealtime(priority) → whether the thread now runs under SCHED_RR, or for 0 under the default policy again.
Napi::Value SetThreadRealtime(const Napi::CallbackInfo& info);

}  // namespace visavis
