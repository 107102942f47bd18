// SPDX-License-Identifier: MIT
// Something that is not as it was written, in one place of one device.
#pragma once

#include "formats/btrfs/tree_block.h"
#include "libfs/base/problem.h"
#include "libfs/base/range_set.h"
#include "libfs/survey/findings.h"
#include "libfs/survey/verify/scrub_counts.h"
#include "libfs/survey/verify/unit.h"

namespace btrkit::survey {

struct Fault {
    enum class Kind : u8 {
        data_unreadable,  ///< data with or without checksum; the device fails
        data_checksum,    ///< data that has not its checksum
        data_differs,     ///< data without checksum; the copies are not the same
        block_unreadable, ///< a tree block; the device fails
        block,            ///< a copy of a tree block that is not what was promised, see problems
        block_differs,    ///< a copy of a tree block that keeps all promises, but is not like another that does
        parity,           ///< P or Q that does not match its data
        parity_unreadable,
    };
    Kind kind = Kind::data_checksum;
    Range range;                  ///< logical; of parity: the first data stripe's bytes beside it
    unsigned mirror = 0;          ///< 0: parity
    std::optional<u64> tree = {}; ///< of a tree block, where it is known
    Physical place;               ///< of the first byte
    Mend::State mend = Mend::State::unmendable;
    unsigned source_mirror = 0;     ///< where good bytes are; 0: rebuilt, or nowhere
    btrfs::CsumBytes stored = {};   ///< of the first sector of data with a checksum
    btrfs::CsumBytes computed = {}; ///< likewise
    Problems problems = {};         ///< of a tree block
    /// Undecidable because of this data without checksum; if it turns out that it was never written, it is no fault.
    std::vector<Range> doubtful = {};
    std::string error = {}; ///< why it could not be written

    bool is_about_block() const {
        return kind == Kind::block_unreadable || kind == Kind::block || kind == Kind::block_differs;
    }

    /// Whether it is the rest of one before it, with the same fate. Each tree block is told by itself.
    bool continues(const Fault& before) const {
        const bool is_neighbour = place.devid == before.place.devid && range.start == before.range.end &&
                                  place.offset == before.place.offset + before.range.length();
        return is_neighbour && kind == before.kind && mirror == before.mirror && mend == before.mend &&
               source_mirror == before.source_mirror && !is_about_block() && error == before.error;
    }
};

/// Which of the counts tells of faults with that fate.
constexpr u64 ScrubCounts::* count_of_fate(Mend::State state) {
    switch (state) {
    case Mend::State::mended: return &ScrubCounts::corrected_errors;
    case Mend::State::mendable:
    case Mend::State::failed:
        return &ScrubCounts::correctable_errors; // good bytes are there: another run may write them
    case Mend::State::undecidable: return &ScrubCounts::unverified_errors;
    case Mend::State::unmendable: break;
    }
    return &ScrubCounts::uncorrectable_errors;
}

/// Which of the counts tells of faults of that kind; null: none but that of their fate.
constexpr u64 ScrubCounts::* count_of_kind(Fault::Kind kind) {
    switch (kind) {
    case Fault::Kind::data_unreadable:
    case Fault::Kind::block_unreadable:
    case Fault::Kind::parity_unreadable: return &ScrubCounts::read_errors;
    case Fault::Kind::data_checksum: return &ScrubCounts::csum_errors;
    case Fault::Kind::block: return &ScrubCounts::verify_errors;
    case Fault::Kind::parity: return &ScrubCounts::parity_errors;
    case Fault::Kind::data_differs:
    case Fault::Kind::block_differs: break;
    }
    return nullptr;
}

/// What verifying one unit has found. The counts tell what was read, not yet what was wrong with it.
struct UnitResult {
    std::vector<Fault> faults;
    DeviceCounts counts;
};

/// Adds a fault, to the last one where it continues that.
void add_fault(std::vector<Fault>& faults, Fault fault);

/// Counts what a stripe of the unit (its number) holds; offset is where the stripe stands on the device.
void count_stripe(const VerifyUnit& unit, std::size_t stripe, u64 offset, ScrubCounts& counts);

} // namespace btrkit::survey
