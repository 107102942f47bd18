// SPDX-License-Identifier: MIT
// Bytes of files given space in a transaction: taken, written, checksummed.
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit {

/// Writes whole sectors to space that is taken for them, in one piece or as much as there is one for, and puts their
/// checksums into the checksum tree, if there are any. Returns where: it is to become an extent (bear_data()) in whole,
/// alone or with its neighbours. Fails with no_space.
Result<Range> store_data(Transaction& transaction, Bytes sectors, Bytes csums, bool in_one_piece);

/// The checksums of whole sectors, one behind the other.
std::vector<std::byte> checksums_of(const Geometry& geometry, Bytes sectors);

} // namespace btrkit
