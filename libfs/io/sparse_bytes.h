// SPDX-License-Identifier: MIT
// Bytes in memory, most of them zeros that take no room; copies share what neither has changed.
#pragma once

#include "libfs/base/bytes.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

namespace btrkit {

/// What a device holds, as a value. Reading by several threads is safe while nobody changes it.
class SparseBytes {
public:
    static constexpr u64 page_bytes = 65536;

    SparseBytes() = default;
    /// Zeros.
    explicit SparseBytes(u64 size_bytes)
        : size_bytes_(size_bytes), pages_((size_bytes + page_bytes - 1) / page_bytes) {}
    /// A copy of bytes.
    explicit(false) SparseBytes(Bytes bytes);
    explicit(false) SparseBytes(const std::vector<std::byte>& bytes) : SparseBytes(Bytes(bytes)) {}

    u64 size() const { return size_bytes_; }

    // Ranges lie inside.
    void read(u64 offset, MutableBytes out) const;
    void write(u64 offset, Bytes bytes);
    void zero(u64 offset, u64 length_bytes);

    /// The bytes from an offset to the end of its page; until the next change.
    Bytes part(u64 offset) const;
    /// The same, to be changed.
    MutableBytes part(u64 offset);

    /// Whether the page of an offset takes no room: it is zeros.
    bool is_hole(u64 offset) const { return pages_[offset / page_bytes] == nullptr; }

    /// Whether [begin, end) is the same in both.
    bool is_same(const SparseBytes& other, u64 begin, u64 end) const;
    bool operator==(const SparseBytes& other) const {
        return size_bytes_ == other.size_bytes_ && is_same(other, 0, size_bytes_);
    }

private:
    using Page = std::array<std::byte, page_bytes>;

    /// How much of `length_bytes` from an offset on is in its page.
    static u64 length_in_page(u64 offset, u64 length_bytes) {
        return std::min(length_bytes, page_bytes - offset % page_bytes);
    }

    u64 size_bytes_ = 0;
    std::vector<std::shared_ptr<Page>> pages_; ///< null: zeros
};

} // namespace btrkit
