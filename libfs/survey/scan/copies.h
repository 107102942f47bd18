// SPDX-License-Identifier: MIT
// Tree blocks with all their copies.
#pragma once

#include "libfs/tree/block_reader.h"

namespace btrkit::survey {

/// BlockReader::read_many, and then every other copy of each block that was found is read too and must be the same;
/// what is wrong with it is added to the block's problems. Copies on missing devices are passed over, and so is what
/// parity could rebuild: parity is scrub's matter. spare: as long as buffer, for the other copies.
std::vector<ReadBlock> read_all_copies(const BlockReader& reader, std::span<const Promise> promises,
                                       MutableBytes buffer, MutableBytes spare);

} // namespace btrkit::survey
