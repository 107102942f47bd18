// SPDX-License-Identifier: MIT
// What says which addresses are used.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/tree/tree_block.h"

namespace btrkit::survey {

/// An extent, or a range of which nobody knows what it holds.
struct UsedExtent {
    enum class Kind : u8 { data, block, lost };
    Range range;
    Kind kind = Kind::data;
    Promise promise = {}; ///< of a tree block
};

class ExtentSource {
public:
    ExtentSource() = default;
    ExtentSource(const ExtentSource&) = delete;
    ExtentSource& operator=(const ExtentSource&) = delete;
    virtual ~ExtentSource() = default;

    /// The first extent that ends behind `at`; null: there is none. Quick where `at` ascends. It lives until the next
    /// call.
    virtual const UsedExtent* find(u64 at) = 0;
};

} // namespace btrkit::survey
