// SPDX-License-Identifier: MIT
// Reed-Solomon over GF(2^8), polynomial 0x11d, generator 2: P is the sum of the data, Q the sum of data i times 2^i.
#pragma once

#include "libfs/base/bytes.h"

#include <optional>
#include <vector>

namespace btrkit {

/// The stripes of one row: data first, then P, then Q. nullopt: lost. All of equal length.
using RaidRow = std::vector<std::optional<Bytes>>;

/// Computes data position `wanted` from the stripes that are there, into out (of the stripes' length).
/// row has data_count + parity_count entries (parity_count 1 or 2); what it has at `wanted` is not looked at.
/// Returns false, and leaves out alone, where too few are there.
bool rebuild_data(const RaidRow& row, unsigned data_count, unsigned wanted, MutableBytes out);

/// P of the data stripes, and Q unless q is empty. All of equal length.
void compute_parity(const std::vector<Bytes>& data, MutableBytes p, MutableBytes q);

} // namespace btrkit
