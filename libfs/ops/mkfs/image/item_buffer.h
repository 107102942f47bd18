// SPDX-License-Identifier: MIT
// The body of an item, put together from structures and names.
#pragma once

#include "libfs/base/bytes.h"

#include <vector>

namespace btrkit::mkfs {

class ItemBuffer {
public:
    template <class T>
    ItemBuffer& add(const T& structure) {
        return add_bytes(as_bytes_of(structure));
    }
    ItemBuffer& add_text(std::string_view text) { return add_bytes(std::as_bytes(std::span(text))); }
    ItemBuffer& add_bytes(Bytes bytes);
    ItemBuffer& clear() {
        bytes_.clear();
        return *this;
    }
    Bytes bytes() const { return bytes_; }

private:
    std::vector<std::byte> bytes_;
};

} // namespace btrkit::mkfs
