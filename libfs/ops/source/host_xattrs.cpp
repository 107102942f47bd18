// SPDX-License-Identifier: MIT
#include "libfs/ops/source/host_xattrs.h"

#include "libfs/base/names.h"
#include "libfs/ops/source/host_failure.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <sys/xattr.h>

namespace btrkit::source {

namespace {

constexpr std::size_t usual_bytes = 4096; ///< lists and values are seldom longer

/// What get(buffer, size) puts into a buffer that is long enough; false where get fails, with errno set.
template <class Get>
bool read_growing(std::string& out, Get&& get) {
    std::array<char, usual_bytes> usual;
    ssize_t got = get(usual.data(), usual.size());
    if (got >= 0) {
        out.assign(usual.data(), static_cast<std::size_t>(got));
        return true;
    }
    while (errno == ERANGE) { // again, as long as somebody makes it longer in between
        got = get(nullptr, 0);
        if (got < 0) {
            return false;
        }
        out.resize(static_cast<std::size_t>(got));
        got = get(out.data(), out.size());
        if (got >= 0) {
            out.resize(static_cast<std::size_t>(got));
            return true;
        }
    }
    return false;
}

} // namespace

Result<std::vector<Xattr>> read_host_xattrs(const std::string& path, const std::string& shown_as) {
    std::vector<Xattr> xattrs;
    std::string names;
    if (!read_growing(names, [&](char* out, std::size_t size) { return ::llistxattr(path.c_str(), out, size); })) {
        if (errno == EOPNOTSUPP) {
            return xattrs;
        }
        return host_failure(shown_as, "list the extended attributes");
    }
    for (std::size_t begin = 0; begin < names.size();) {
        Xattr xattr;
        xattr.name = names.c_str() + begin;
        begin += xattr.name.size() + 1;
        const bool read = read_growing(xattr.value, [&](char* out, std::size_t size) {
            return ::lgetxattr(path.c_str(), xattr.name.c_str(), out, size);
        });
        if (read) {
            xattrs.push_back(std::move(xattr));
        } else if (errno != ENODATA && errno != EOPNOTSUPP) {
            return host_failure(shown_as, fmt::format("read the extended attribute {}", printable(xattr.name)));
        }
    }
    std::ranges::sort(xattrs, {}, &Xattr::name);
    return xattrs;
}

} // namespace btrkit::source
