// SPDX-License-Identifier: MIT
#include "apps/common/version.h"

#include <CLI/Version.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gcrypt.h>
#include <isa-l.h>
#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <nlohmann/json.hpp>
#include <oneapi/tbb/version.h>
#include <spdlog/version.h>
#include <xxhash.h>
#include <zstd.h>

namespace btrkit::apps {

namespace {

/// A version that is major * 10000 + minor * 100 + patch.
std::string from_number(std::string_view name, unsigned number) {
    return fmt::format("{} {}.{}.{}", name, number / 10000, number / 100 % 100, number % 100);
}

std::vector<std::string> common_libraries() {
    return {
        fmt::format("CLI11 {}", CLI11_VERSION),
        from_number("fmt", FMT_VERSION),
        fmt::format("ISA-L {}.{}.{}", ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION, ISAL_PATCH_VERSION),
        fmt::format("libgcrypt {}", ::gcry_check_version(nullptr)),
        fmt::format("nlohmann-json {}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                    NLOHMANN_JSON_VERSION_PATCH),
        fmt::format("oneTBB {}", ::TBB_runtime_version()),
        fmt::format("spdlog {}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH),
        from_number("xxHash", ::XXH_versionNumber()),
    };
}

} // namespace

std::string_view version() {
    return BTRKIT_VERSION;
}

std::string version_text(std::string_view tool, std::span<const std::string> more) {
    auto libraries = common_libraries();
    libraries.insert(libraries.end(), more.begin(), more.end());
    return fmt::format("{} {}\nbuilt with {}\n", tool, version(), fmt::join(libraries, ", "));
}

std::vector<std::string> compression_libraries() {
    return {
        fmt::format("libdeflate {}", LIBDEFLATE_VERSION_STRING),
        fmt::format("lzo {}", ::lzo_version_string()),
        fmt::format("zstd {}", ::ZSTD_versionString()),
    };
}

} // namespace btrkit::apps
