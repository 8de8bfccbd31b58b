#!/bin/bash
# Builds mediasoup's worker on Debian 12 from its npm package and Debian's own libraries; nothing else is downloaded than
# that package and Debian's source of libsrtp. The binary needs only libc and libstdc++ at run time.
#
#   MEDIASOUP_VERSION  version of the npm package; the patches and the libsrtp overlay below are for 3.19
#   WORKER_OUT         where the binary goes
#   BUILD_DIR          an empty or new folder to work in; left to the caller to remove (default: a temporary one)
#   JOBS               compilers at a time (default: one per core)
set -euo pipefail

: "${MEDIASOUP_VERSION:?is not set}" "${WORKER_OUT:?is not set}"
WORKER_OUT=$(realpath -m "$WORKER_OUT")
MESON=/usr/bin/meson # Debian's, whatever else PATH offers

packages=(g++ meson ninja-build pkg-config ca-certificates libssl-dev libuv1-dev libusrsctp-dev libabsl-dev
  libflatbuffers-dev flatbuffers-compiler)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^[ih]i' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "missing Debian packages: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

if [ -z "${BUILD_DIR:-}" ]; then
  BUILD_DIR=$(mktemp -d)
  trap 'rm -rf "$BUILD_DIR"' EXIT
fi
mkdir -p "$BUILD_DIR"
cd "$BUILD_DIR"

# --- Sources ----------------------------------------------------------------------------------------------------------
npm pack --silent --ignore-scripts --cache "$BUILD_DIR/npm-cache" "mediasoup@$MEDIASOUP_VERSION" >/dev/null
rm -rf "$BUILD_DIR/npm-cache"
tar -xzf "mediasoup-$MEDIASOUP_VERSION.tgz" --no-same-owner
cd package/worker

# libsrtp 2.5.0 as Debian ships it, to be built against OpenSSL (Debian's own binary uses NSS).
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
/usr/lib/apt/apt-helper download-file \
  "${mirror%/}/pool/main/libs/libsrtp2/libsrtp2_2.5.0.orig.tar.gz" "$BUILD_DIR/libsrtp2.tar.gz" \
  SHA256:8a43ef8e9ae2b665292591af62aa1a4ae41e468b6d98d8258f91478735da4e09
tar -xzf "$BUILD_DIR/libsrtp2.tar.gz" -C subprojects --no-same-owner # subprojects/libsrtp-2.5.0

# --- Patches: each is checked, so that another version of mediasoup fails here and not at run time ---------------------
replace() { # replace FILE OLD NEW: one literal piece of a line
  grep -qF -- "$2" "$1" || { echo "$1 has no \"$2\": not the source these patches are for" >&2; exit 1; }
  OLD=$2 NEW=$3 perl -pi -e 's/\Q$ENV{OLD}\E/$ENV{NEW}/' "$1"
}
# Debian 12 has meson 1.0.1, and nothing newer is used.
replace meson.build "meson_version: '>= 1.1.0'" "meson_version: '>= 1.0.0'"
# Debian's OpenSSL has kernel TLS compiled in and asks the output BIO whether it does that. BIO callbacks get a bit mask;
# compared with == the answer to every BIO_ctrl() becomes 1, OpenSSL then allocates no write buffer, and the worker
# dies in do_dtls1_write() at the first DTLS handshake.
replace src/RTC/DtlsTransport.cpp \
  '(operationType == BIO_CB_RETURN) ? static_cast<long>(ret) : 1;' \
  '((operationType & BIO_CB_RETURN) != 0) ? static_cast<long>(ret) : 1;'

# --- Subprojects: meson downloads one only where its folder is missing, so each gets a folder that points to Debian's ---
subproject() { # subproject WRAP "options the main project passes to it" < meson.build
  FOLDER=subprojects/$(sed -n 's/^directory *= *//p' "subprojects/$1.wrap" | tr -d '\r')
  mkdir -p "$FOLDER"
  cat > "$FOLDER/meson.build"
  : > "$FOLDER/empty.cpp"
  : > "$FOLDER/meson_options.txt"
  for option in ${2:-}; do
    echo "option('$option', type: 'string', value: '')" >> "$FOLDER/meson_options.txt"
  done
}

# Variables that only the Rust library target reads (libuv, usrsctp, ..._lib) are empty libraries.
subproject openssl <<'E2'
project('openssl', 'cpp')
openssl_dep = dependency('openssl')
libssl_lib = static_library('stub', 'empty.cpp', build_by_default: false)
libcrypto_lib = libssl_lib
E2
subproject libuv 'build_tests build_benchmarks' <<'E2'
project('libuv', 'cpp')
libuv_dep = dependency('libuv-static', 'libuv')
libuv = static_library('stub', 'empty.cpp', build_by_default: false)
E2
subproject usrsctp 'sctp_build_programs' <<'E2'
project('usrsctp', 'cpp')
usrsctp_dep = dependency('usrsctp')
usrsctp = static_library('stub', 'empty.cpp', build_by_default: false)
E2
subproject abseil-cpp <<'E2'
project('abseil-cpp', 'cpp')
absl_strings_dep = dependency('absl_strings')
absl_types_dep = dependency('absl_optional')
absl_container_dep = declare_dependency(dependencies: [
  dependency('absl_flat_hash_map'), dependency('absl_flat_hash_set'),
  dependency('absl_btree'), dependency('absl_inlined_vector'), dependency('absl_memory'),
])
absl_container_lib = static_library('stub', 'empty.cpp', build_by_default: false)
E2
# The compiler flatc (from PATH) and the headers are of the same Debian version.
subproject flatbuffers <<'E2'
project('flatbuffers', 'cpp')
flatbuffers_dep = dependency('flatbuffers')
flatbuffers_lib = static_library('stub', 'empty.cpp', build_by_default: false)
E2
subproject catch2 <<'E2'
project('catch2', 'cpp')
catch2_dep = dependency('catch2-with-main', required: false)
E2
subproject libsrtp3 'crypto-library crypto-library-kdf tests' <<'E2'
project('libsrtp3', 'c', 'cpp')
srtp2 = subproject('libsrtp-2.5.0', default_options: ['warning_level=0', 'default_library=static',
  'crypto-library=openssl', 'crypto-library-kdf=disabled', 'tests=disabled', 'pcap-tests=disabled', 'doc=disabled'])
libsrtp3_dep = declare_dependency(include_directories: include_directories('include'),
  dependencies: srtp2.get_variable('libsrtp2_dep'))
libsrtp3 = static_library('stub', 'empty.cpp', build_by_default: false)
E2
mkdir -p "$FOLDER/include/srtp2"
cp subprojects/libsrtp-2.5.0/include/srtp.h subprojects/libsrtp-2.5.0/crypto/include/{auth,cipher,crypto_types}.h \
  "$FOLDER/include/srtp2/"
# mediasoup 3.16 and later call the functions of libsrtp 3 (in and out buffers, MKI index); libsrtp 2 works in place and
# may write up to `trailer` bytes behind the packet.
cat > "$FOLDER/include/srtp.h" <<'E2'
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <srtp2/srtp.h>

// Codes that libsrtp 2 does not have.
static constexpr srtp_err_status_t srtp_err_status_buffer_small{ static_cast<srtp_err_status_t>(28) };
static constexpr srtp_err_status_t srtp_err_status_cryptex_err{ static_cast<srtp_err_status_t>(29) };

namespace libsrtp3_over_2
{
	using InPlace = srtp_err_status_t (*)(srtp_t, void*, int*);

	inline srtp_err_status_t Call(
	  InPlace function, srtp_t context, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength, size_t trailer)
	{
		if (inLength + trailer > *outLength)
			return srtp_err_status_buffer_small;

		if (out != in)
			std::memmove(out, in, inLength);

		int length                     = static_cast<int>(inLength);
		const srtp_err_status_t status = function(context, out, &length);

		if (status == srtp_err_status_ok)
			*outLength = static_cast<size_t>(length);

		return status;
	}
} // namespace libsrtp3_over_2

inline srtp_err_status_t srtp_protect(
  srtp_t context, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength, size_t /*mkiIndex*/)
{
	const libsrtp3_over_2::InPlace function = ::srtp_protect;
	return libsrtp3_over_2::Call(function, context, in, inLength, out, outLength, SRTP_MAX_TRAILER_LEN);
}

inline srtp_err_status_t srtp_protect_rtcp(
  srtp_t context, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength, size_t /*mkiIndex*/)
{
	const libsrtp3_over_2::InPlace function = ::srtp_protect_rtcp;
	// SRTCP adds its index (RFC 3711, 3.4) to the trailer.
	return libsrtp3_over_2::Call(function, context, in, inLength, out, outLength, SRTP_MAX_TRAILER_LEN + 4);
}

inline srtp_err_status_t srtp_unprotect(
  srtp_t context, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength)
{
	const libsrtp3_over_2::InPlace function = ::srtp_unprotect;
	return libsrtp3_over_2::Call(function, context, in, inLength, out, outLength, 0);
}

inline srtp_err_status_t srtp_unprotect_rtcp(
  srtp_t context, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength)
{
	const libsrtp3_over_2::InPlace function = ::srtp_unprotect_rtcp;
	return libsrtp3_over_2::Call(function, context, in, inLength, out, outLength, 0);
}

// Both take the SSRC in network byte order.
inline srtp_err_status_t srtp_stream_remove(srtp_t context, uint32_t ssrc)
{
	return srtp_remove_stream(context, ssrc);
}
E2

# --- Build ------------------------------------------------------------------------------------------------------------
# prefer_static links Debian's .a files. Debian's liburing is too old for the worker and io_uring is often forbidden in
# containers; the worker runs without it. Headers come from the flatbuffers target and must be there first.
"$MESON" setup out/build --buildtype release --wrap-mode nodownload \
  -Db_ndebug=true -Db_pie=true -Db_staticpic=true -Dprefer_static=true -Dms_disable_liburing=true
"$MESON" compile -C out/build flatbuffers-generator
"$MESON" compile -C out/build ${JOBS:+-j "$JOBS"} mediasoup-worker
install -D -m 755 out/build/mediasoup-worker "$WORKER_OUT"
