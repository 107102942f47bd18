// SPDX-License-Identifier: MIT
// What a scrub counts of one device: the kernel's numbers (struct btrfs_scrub_progress) by the kernel's names, and
// ours.
#pragma once

#include "libfs/base/address.h"

#include <array>
#include <map>
#include <string_view>

namespace btrkit::survey {

/// Extents count once for every 64 KiB stripe that they touch, errors once for every sector.
struct ScrubCounts {
    u64 data_extents_scrubbed = 0;
    u64 tree_extents_scrubbed = 0;
    u64 data_bytes_scrubbed = 0;
    u64 tree_bytes_scrubbed = 0;
    u64 read_errors = 0;          ///< the device failed
    u64 csum_errors = 0;          ///< data that has not its checksum
    u64 verify_errors = 0;        ///< tree blocks that are not what was promised
    u64 no_csum = 0;              ///< sectors of data without checksum
    u64 csum_discards = 0;        ///< always 0, as in the kernel
    u64 super_errors = 0;         ///< superblock mirrors
    u64 malloc_errors = 0;        ///< always 0: no memory ends the process
    u64 uncorrectable_errors = 0; ///< no copy is good
    u64 unverified_errors = 0;    ///< undecidable: copies without checksum differ
    u64 corrected_errors = 0;     ///< written anew
    u64 last_physical = 0;        ///< where the last stripe that was read ends on the device, in bytes
    // What the kernel does not count.
    u64 correctable_errors = 0; ///< a good copy is there, but nothing was written
    u64 parity_bytes_scrubbed = 0;
    u64 parity_errors = 0; ///< sectors of P and Q that don't match their data

    ScrubCounts& operator+=(const ScrubCounts& other);
    friend bool operator==(const ScrubCounts&, const ScrubCounts&) = default;
};

/// All of them, in the order in which `btrfs scrub -R` prints its own.
struct ScrubCountField {
    std::string_view name;
    u64 ScrubCounts::* member;
};
inline constexpr std::array scrub_count_fields = std::to_array<ScrubCountField>({
    {"data_extents_scrubbed", &ScrubCounts::data_extents_scrubbed},
    {"tree_extents_scrubbed", &ScrubCounts::tree_extents_scrubbed},
    {"data_bytes_scrubbed", &ScrubCounts::data_bytes_scrubbed},
    {"tree_bytes_scrubbed", &ScrubCounts::tree_bytes_scrubbed},
    {"read_errors", &ScrubCounts::read_errors},
    {"csum_errors", &ScrubCounts::csum_errors},
    {"verify_errors", &ScrubCounts::verify_errors},
    {"no_csum", &ScrubCounts::no_csum},
    {"csum_discards", &ScrubCounts::csum_discards},
    {"super_errors", &ScrubCounts::super_errors},
    {"malloc_errors", &ScrubCounts::malloc_errors},
    {"uncorrectable_errors", &ScrubCounts::uncorrectable_errors},
    {"unverified_errors", &ScrubCounts::unverified_errors},
    {"corrected_errors", &ScrubCounts::corrected_errors},
    {"last_physical", &ScrubCounts::last_physical},
    {"correctable_errors", &ScrubCounts::correctable_errors},
    {"parity_bytes_scrubbed", &ScrubCounts::parity_bytes_scrubbed},
    {"parity_errors", &ScrubCounts::parity_errors},
});
static_assert(sizeof(ScrubCounts) == scrub_count_fields.size() * sizeof(u64), "a field has no row");

inline ScrubCounts& ScrubCounts::operator+=(const ScrubCounts& other) {
    for (const auto& field : scrub_count_fields) {
        if (field.member == &ScrubCounts::last_physical) {
            last_physical = std::max(last_physical, other.last_physical);
        } else {
            this->*field.member += other.*field.member;
        }
    }
    return *this;
}

/// By devid.
using DeviceCounts = std::map<u64, ScrubCounts>;

} // namespace btrkit::survey
