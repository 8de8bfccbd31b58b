#include "thread_priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arguments.h"

namespace visavis {

// On Linux the nice value belongs to the thread, although POSIX gives it to the process: see setpriority(2), "C library/kernel differences".
Napi::Value SetThreadNice(const Napi::CallbackInfo& info) {
  const int nice = static_cast<int>(IntegerArgument(info[0], "nice", -20, 19));
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  setpriority(PRIO_PROCESS, thread, nice);
  return Napi::Number::New(info.Env(), getpriority(PRIO_PROCESS, thread));
}

Napi::Value SetThreadRealtime(const Napi::CallbackInfo& info) {
  sched_param parameters{};
  parameters.sched_priority = static_cast<int>(IntegerArgument(info[0], "priority", 0, 99));
  const int policy = parameters.sched_priority == 0 ? SCHED_OTHER : SCHED_RR;
  return Napi::Boolean::New(info.Env(), sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &parameters) == 0);
}

}  // namespace visavis
