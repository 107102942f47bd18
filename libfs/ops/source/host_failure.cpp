// SPDX-License-Identifier: MIT
#include "libfs/ops/source/host_failure.h"

#include "libfs/base/names.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace btrkit::source {

std::unexpected<Error> host_failure(const std::string& path, std::string_view doing) {
    return fail(ErrorKind::io, fmt::format("{}: cannot {}: {}", printable(path), doing, std::strerror(errno)));
}

std::unexpected<Error> changed_failure(const std::string& path) {
    return fail(ErrorKind::io, fmt::format("{}: changed while it was read", printable(path)));
}

} // namespace btrkit::source
