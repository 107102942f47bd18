// SPDX-License-Identifier: MIT
// The body of an item, put together from structures and names.
#pragma once

#include "libfs/base/bytes.h"

#include <utility>
#include <vector>

namespace btrkit {

class ItemBuffer {
public:
    template <class T>
    ItemBuffer& add(const T& structure) {
        return add_bytes(as_bytes_of(structure));
    }
    ItemBuffer& add_text(std::string_view text) { return add_bytes(std::as_bytes(std::span(text))); }
    ItemBuffer& add_bytes(Bytes bytes) {
        const std::size_t begin = bytes_.size();
        bytes_.resize(begin + bytes.size());
        std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(begin));
        return *this;
    }
    ItemBuffer& clear() {
        bytes_.clear();
        return *this;
    }

    Bytes bytes() const { return bytes_; }
    /// Gives the bytes away; the buffer is empty then.
    std::vector<std::byte> release() { return std::exchange(bytes_, {}); }

private:
    std::vector<std::byte> bytes_;
};

} // namespace btrkit
