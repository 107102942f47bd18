// SPDX-License-Identifier: MIT
// Image files as values: what is a hole takes neither time nor memory.
#pragma once

#include "libfs/base/unique_fd.h"
#include "libfs/io/block_device.h"
#include "libfs/io/sparse_bytes.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit::test {

inline SparseBytes image_bytes_of(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status = {};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return {};
    }
    SparseBytes bytes(static_cast<u64>(status.st_size));
    off_t end = 0;
    for (off_t at = 0; (at = ::lseek(fd.get(), end, SEEK_DATA)) >= 0;) {
        end = ::lseek(fd.get(), at, SEEK_HOLE);
        std::vector<std::byte> part(SparseBytes::page_bytes);
        while (at < end) {
            const auto wanted = std::min<std::size_t>(part.size(), static_cast<std::size_t>(end - at));
            const auto length = ::pread(fd.get(), part.data(), wanted, at);
            if (length <= 0) {
                return {};
            }
            bytes.write(static_cast<u64>(at), Bytes(part).first(static_cast<std::size_t>(length)));
            at += length;
        }
    }
    return bytes;
}

/// What a device holds. Nothing of it may be unreadable.
inline SparseBytes bytes_on(const BlockDevice& device) {
    SparseBytes bytes(device.size_bytes());
    std::vector<std::byte> part(SparseBytes::page_bytes);
    for (u64 at = 0; at < bytes.size(); at += part.size()) {
        const auto page = MutableBytes(part).first(std::min<u64>(part.size(), bytes.size() - at));
        if (const auto read = device.read(at, page); !read) {
            throw std::runtime_error(read.error().message);
        }
        bytes.write(at, page);
    }
    return bytes;
}

/// What stood there before is gone, holes and all.
inline void write_image(const std::string& path, const SparseBytes& bytes) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    bool is_written = fd && ::ftruncate(fd.get(), static_cast<off_t>(bytes.size())) == 0;
    for (u64 at = 0; at < bytes.size(); at += SparseBytes::page_bytes) {
        if (const auto part = bytes.part(at); !bytes.is_hole(at)) {
            is_written = is_written && ::pwrite(fd.get(), part.data(), part.size(), static_cast<off_t>(at)) ==
                                           static_cast<ssize_t>(part.size());
        }
    }
    if (!is_written) {
        throw std::runtime_error(path + ": cannot be written");
    }
}

/// Where a text begins that stands within one page.
inline std::optional<u64> find_text(const SparseBytes& bytes, std::string_view text, u64 from = 0) {
    while (from < bytes.size()) {
        const auto part = bytes.part(from);
        const std::string_view page(reinterpret_cast<const char*>(part.data()), part.size());
        if (const auto at = bytes.is_hole(from) ? page.npos : page.find(text); at != page.npos) {
            return from + at;
        }
        from += part.size();
    }
    return std::nullopt;
}

} // namespace btrkit::test
