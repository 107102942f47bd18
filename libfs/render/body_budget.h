// SPDX-License-Identifier: MIT
// Keeps the dump of one leaf in proportion to the leaf.
#pragma once

#include "libfs/base/address.h"

namespace btrkit {

/// Item headers of a damaged leaf can all point at the same bytes, which would be shown hundreds of times. The bodies
/// of a sound leaf don't overlap, so together they are never larger than the leaf: a body that would go beyond that
/// is not shown. One budget a leaf, asked once for each item in slot order.
class BodyBudget {
public:
    explicit BodyBudget(u32 nodesize) : left_bytes_(nodesize) {}

    /// Whether a body of this many bytes is still to be shown; if so, it is charged.
    bool spend(std::size_t size_bytes) {
        if (size_bytes > left_bytes_) {
            return false;
        }
        left_bytes_ -= size_bytes;
        return true;
    }

private:
    std::size_t left_bytes_;
};

} // namespace btrkit
