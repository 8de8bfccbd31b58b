// node-addon-api as every file here includes it.
#pragma once
// A worker thread may be terminated inside a call. Then nothing can be thrown into JavaScript any more, and without
// this the attempt would abort the whole process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>
