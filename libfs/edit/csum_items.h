// SPDX-License-Identifier: MIT
// Checksums of new data, put into a checksum tree that is there.
#pragma once

#include "libfs/base/address.h"
#include "libfs/edit/csum_writer.h"
#include "libfs/tree/tree_buffer.h"

namespace btrkit {

/// The checksums of the sectors from `at` on, none of which has one. As the kernel does, an item that ends there grows
/// first.
Result<void> add_csums(TreeBuffer& csum_tree, const Geometry& geometry, Logical at, Bytes csums);

} // namespace btrkit
