// SPDX-License-Identifier: MIT
// Some tree blocks with all their copies on the way into a dump.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/ops/dump_image/block_links.h"
#include "libfs/ops/dump_image/dump_writer.h"
#include "libfs/ops/dump_image/hide.h"
#include "libfs/ops/dump_image/report.h"

namespace btrkit::dump_image {

/// What a dump is made of, and what is left out of it.
struct Source {
    const Filesystem& filesystem;
    Privacy privacy;

    const Volume& volume() const { return filesystem.volume(); }
    const Geometry& geometry() const { return filesystem.geometry(); }
};

/// Where a stored copy stands, cut at stripes; nothing where it is on a device that was not given.
Places places_of(const Volume& volume, Logical at, u64 length, unsigned mirror);

struct BlockJob {
    std::vector<u64> addresses; ///< of whole blocks within chunks

    PackedPiece packed;
    BlockLinks links;
    std::vector<u64> foreign; ///< those of which no copy is a tree block: not packed
    std::vector<BadCopy> bad_copies;
    u64 lost_count = 0;
    u64 missing_copy_count = 0;
    Result<void> done;
};

/// So many bytes of blocks make a job: with four different copies of each they still fit a piece.
inline constexpr u64 job_bytes = u64{768} << 10;

/// Several at once.
void read_and_pack(const Source& source, BlockJob& job);

/// The block as readers find it: the first sound copy, rebuilt if need be, or else what is stored, as the dump has it.
/// False where it is no tree block.
bool read_best_copy(const Source& source, u64 address, MutableBytes out);

/// Adds all stored copies of bytes that are no tree block, of at most dump_format::max_record_bytes.
template <class Hide>
void add_copies(const Source& source, Logical at, u64 length, RecordBuffer& records, Hide hide) {
    std::vector<std::byte> bytes(length);
    for (unsigned mirror = 1; mirror <= source.volume().mirror_count(at); ++mirror) {
        const auto places = places_of(source.volume(), at, length, mirror);
        if (!places.empty() && source.volume().read(at, bytes, mirror)) {
            hide(MutableBytes(bytes));
            records.add(bytes, places);
        }
    }
}

} // namespace btrkit::dump_image
