// SPDX-License-Identifier: MIT
// Items of the checksum tree, from the checksums of data in the order of its addresses.
#pragma once

#include "libfs/base/address.h"
#include "libfs/base/item_buffer.h"
#include "libfs/tree/item_sink.h"
#include "libfs/volume/geometry.h"

namespace btrkit {

/// Bytes of checksums that one item has at most.
std::size_t max_csum_item_bytes(const Geometry& geometry);

/// The checksums of whole sectors, one behind the other; out has room for exactly those.
void put_checksums(const Geometry& geometry, Bytes sectors, MutableBytes out);

class CsumWriter {
public:
    /// The sink must outlive it.
    CsumWriter(ItemSink& sink, const Geometry& geometry);

    /// The checksums of the sectors from `at` on, one behind the other. Addresses ascend.
    Result<void> add(Logical at, Bytes csums);
    /// Behind the last checksum.
    Result<void> flush();

private:
    ItemSink* sink_;
    u32 sectorsize_;
    u32 csum_size_;
    std::size_t max_item_bytes_;
    Logical start_; ///< of the open item
    ItemBuffer open_;
};

} // namespace btrkit
