// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/phases.h"

#include "libfs/fs/data_checksums.h"
#include "libfs/ops/scrub/donor/fill_from_donors.h"
#include "libfs/survey/naming/file_places.h"
#include "libfs/volume/stripe_map.h"

#include <fmt/format.h>

namespace btrkit::scrub {

using namespace survey;

namespace {

/// What is more is left for the next run: by then these are found good.
constexpr std::size_t most_sectors = 65'536;
constexpr std::size_t most_places = 200'000;
constexpr std::size_t most_places_each = 16;

bool is_lost_data(const Finding& finding) {
    const auto& problem = finding.problem;
    return (problem.code == ProblemCode::data_checksum || problem.code == ProblemCode::data_unreadable) &&
           finding.mend && finding.mend->state == Mend::State::unmendable && problem.place.logical &&
           problem.place.length;
}

Range range_of(const Finding& finding) {
    return range_from(finding.problem.place.logical->bytenr, *finding.problem.place.length);
}

/// What of a file extent a sector is, in words that a donor understands. Nothing: the file does not read it.
std::optional<Wanted> wanted_at(const FilePlace& place, u64 bytenr) {
    if (bytenr < place.extent.start || bytenr >= place.extent.end) {
        return std::nullopt;
    }
    Wanted wanted{.path = (place.subvolume == "/" ? "" : place.subvolume) + place.path,
                  .path_in_subvolume = place.path,
                  .file_offset = {},
                  .extent_file_offset = place.file_offset - place.extent_offset_bytes,
                  .extent_length_bytes = place.extent.length(),
                  .compression = place.compression};
    const u64 into = bytenr - place.extent.start;
    if (place.compression != 0) {
        return wanted;
    }
    if (into < place.extent_offset_bytes || into - place.extent_offset_bytes >= place.length_bytes) {
        return std::nullopt;
    }
    wanted.file_offset = place.file_offset + (into - place.extent_offset_bytes);
    return wanted;
}

class DonationUse {
public:
    DonationUse(Survey& survey, const VerifyMode& mode, DeviceCounts& counts)
        : survey_(survey), mode_(mode), counts_(counts), sectorsize_(mode.geometry.sectorsize) {}

    Donations run(std::span<const std::unique_ptr<Donor>> donors) {
        gather();
        if (sectors_.empty()) {
            return {};
        }
        find_places();
        fill_from_donors(sectors_, donors, mode_.geometry, survey_.run.stop,
                         [this](LostSector& sector, Bytes bytes) { return use(sector, bytes); });
        settle();
        return std::move(donations_);
    }

private:
    void gather() {
        DataChecksums checksums(survey_.filesystem);
        std::set<u64> known;
        for (const auto& finding : survey_.findings.all()) {
            if (!is_lost_data(finding)) {
                continue;
            }
            const Range range = range_of(finding);
            const auto stored = checksums.find({range.start}, range.length() / sectorsize_);
            for (std::size_t i = 0; stored && i < stored->size() && sectors_.size() < most_sectors; ++i) {
                const u64 bytenr = range.start + i * sectorsize_;
                if ((*stored)[i] && known.insert(bytenr).second) {
                    sectors_.push_back({.bytenr = bytenr, .stored = *(*stored)[i]});
                }
            }
        }
        std::ranges::sort(sectors_, {}, &LostSector::bytenr);
    }

    void find_places() {
        RangeSet lost;
        for (const auto& sector : sectors_) {
            lost.append({sector.bytenr, sector.bytenr + sectorsize_});
        }
        const auto found = places_of_data(survey_, lost.ranges(), most_places);
        for (const FilePlace& place : found.places) {
            if (place.path.empty()) {
                continue; // a donor has it under no name either
            }
            const auto first = std::ranges::lower_bound(sectors_, place.extent.start, {}, &LostSector::bytenr);
            for (auto sector = first; sector != sectors_.end() && sector->bytenr < place.extent.end; ++sector) {
                auto wanted = wanted_at(place, sector->bytenr);
                if (wanted && sector->places.size() < most_places_each) {
                    wanted->extent_sector = (sector->bytenr - place.extent.start) / sectorsize_;
                    sector->places.push_back(std::move(*wanted));
                }
            }
        }
    }

    Mend::State fate() const { return mode_.mender == nullptr ? Mend::State::mendable : Mend::State::mended; }

    /// Over every copy: none of them is good.
    bool use(LostSector& sector, Bytes bytes) {
        const Chunk* chunk = mode_.places.volume().chunks().find({sector.bytenr});
        bool is_of_use = false;
        for (unsigned mirror = 1; chunk != nullptr && mirror <= stored_copies(*chunk); ++mirror) {
            const auto run = mode_.places.find(*chunk, {sector.bytenr}, sectorsize_, mirror);
            if (run && mode_.places.has_device(run->place.devid) && mode_.wants_device(run->place.devid) &&
                (mode_.mender == nullptr || mode_.mender->write(run->place, bytes))) {
                is_of_use = true;
                auto& counts = counts_[run->place.devid];
                counts.uncorrectable_errors -= std::min<u64>(counts.uncorrectable_errors, 1);
                ++(counts.*count_of_fate(fate()));
            }
        }
        if (is_of_use) {
            donations_.donated_bytes += sectorsize_;
            note_row(*chunk, sector.bytenr);
        }
        return is_of_use;
    }

    void note_row(const Chunk& chunk, u64 bytenr) {
        if (chunk.profile().parity > 0) {
            const u64 row = u64{chunk.data_stripes()} * btrfs::raid_stripe_length;
            const u64 length = std::max(round_down(VerifyUnit::usual_bytes, row), row);
            const u64 into = round_down(bytenr - chunk.start.bytenr, length);
            donations_.rows.insert({.chunk = chunk.start.bytenr, .start = chunk.start.bytenr + into});
        }
    }

    void settle() {
        for (auto& finding : survey_.findings.all()) {
            if (!is_lost_data(finding)) {
                continue;
            }
            const Range range = range_of(finding);
            const auto first = std::ranges::lower_bound(sectors_, range.start, {}, &LostSector::bytenr);
            u64 filled = 0;
            std::string from;
            for (auto sector = first; sector != sectors_.end() && sector->bytenr < range.end; ++sector) {
                if (sector->filled) {
                    ++filled;
                    from = sector->from;
                }
            }
            if (filled * sectorsize_ == range.length()) {
                finding.mend = Mend{.state = fate(), .from = from};
            } else if (filled > 0) {
                finding.problem.detail +=
                    fmt::format("; donors have {} of {} sectors", filled, range.length() / sectorsize_);
            }
        }
    }

    Survey& survey_;
    const VerifyMode& mode_;
    DeviceCounts& counts_;
    u64 sectorsize_;
    std::vector<LostSector> sectors_; ///< by address
    Donations donations_;
};

} // namespace

Donations use_donations(Survey& survey, const VerifyMode& mode, std::span<const std::unique_ptr<Donor>> donors,
                        DeviceCounts& counts) {
    return DonationUse(survey, mode, counts).run(donors);
}

} // namespace btrkit::scrub
