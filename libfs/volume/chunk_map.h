// SPDX-License-Identifier: MIT
// Which chunk holds a logical address. Possible chunks only: whatever arithmetic is done on them is defined.
#pragma once

#include "formats/btrfs/chunk.h"
#include "libfs/base/bytes.h"
#include "libfs/volume/geometry.h"

#include <optional>
#include <span>
#include <vector>

namespace btrkit {

struct Stripe {
    u64 devid = 0;
    u64 offset = 0; ///< physical, on that device
    btrfs::Uuid dev_uuid;
};

/// A chunk whose numbers allow all arithmetic: only parse_chunk() and tests make them.
struct Chunk {
    Logical start;
    u64 length = 0;
    u64 type = 0; ///< block_group_* flags
    u32 sub_stripes = 0;
    std::vector<Stripe> stripes;

    const btrfs::Profile& profile() const { return *btrfs::find_profile(type); }
    bool contains(Logical at) const { return at >= start && at.bytenr - start.bytenr < length; }
    /// Stripes that hold distinct data: all but copies and parity. 0 for a remapped chunk without stripes.
    u32 data_stripes() const;
    /// Bytes that the longest stripe occupies on its device.
    u64 stripe_length_bytes() const;
};

/// What is impossible about a chunk item with this key: the kernel's rules (docs/format.md 3.1), from the system array
/// and from the chunk tree alike. body is the whole item.
Problems check_chunk(const btrfs::Key& key, Bytes body, const Geometry& geometry);

/// The chunk, if arithmetic on it is defined, whatever else check_chunk() has against it: so the filesystem can be
/// read as far as it goes. Always there where check_chunk() found nothing. A body longer than the item is taken.
std::optional<Chunk> parse_chunk(const btrfs::Key& key, Bytes body);

class ChunkMap {
public:
    /// Takes a chunk; one that is there already with the same start and length is replaced. Returns false, and
    /// leaves the map as it was, where it overlaps another.
    bool add(Chunk chunk);
    /// The chunk that holds an address, or null.
    const Chunk* find(Logical at) const;
    std::span<const Chunk> chunks() const { return chunks_; }

private:
    std::vector<Chunk> chunks_; // sorted by start, disjoint
};

/// A place where two stripes claim the same bytes of a device, if there is one: who writes one destroys the other.
std::optional<Physical> find_overlap(const ChunkMap& chunks);

} // namespace btrkit
