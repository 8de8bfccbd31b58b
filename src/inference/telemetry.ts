/**
 * onnxruntime's library for Linux and macOS keeps a device id and reports its use to its makers unless it is told otherwise before it is loaded:
 * this is imported before it. A worker thread has only a copy of the environment; there it is the process that must have been
 * started with the variable, which `workerEnvironment` sees to.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
