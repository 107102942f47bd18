// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/donor/fill_from_donors.h"

#include "libfs/base/checksum.h"

#include <algorithm>
#include <unordered_map>

namespace btrkit::scrub {

namespace {

struct HashChecksum {
    std::size_t operator()(const btrfs::CsumBytes& checksum) const {
        return std::hash<std::string_view>()(as_text(as_bytes_of(checksum)));
    }
};

class Filling {
public:
    Filling(const Geometry& geometry, const StopToken& stop, const UseBytes& use)
        : geometry_(geometry), stop_(stop), use_(use) {}

    /// Whether bytes were found for the sector where it is known to be: then it is no longer looked for, whether they
    /// could be used or not.
    bool fill_by_place(LostSector& sector, std::span<const std::unique_ptr<Donor>> donors) {
        return std::ranges::any_of(donors, [&](const auto& donor) {
            return std::ranges::any_of(sector.places, [&](const Wanted& place) {
                return donor->offer_at(place, geometry_.sectorsize, [&](Bytes candidate) {
                    if (!checksum_matches(geometry_.csum_type, candidate, sector.stored)) {
                        return false;
                    }
                    use(sector, candidate, donor->name());
                    return true;
                });
            });
        });
    }

    void look_anywhere_for(LostSector& sector) { sought_[as_computed(sector.stored)].push_back(&sector); }

    void search(Donor& donor) {
        if (sought_.empty() || stop_.stop_requested()) {
            return;
        }
        donor.visit_all({.sectorsize = geometry_.sectorsize,
                         .csum_type = geometry_.csum_type,
                         .is_wanted = [&](const btrfs::CsumBytes& stored) { return sought_.contains(stored); },
                         .visit = [&](const std::string& where, Bytes bytes) { return visit(where, bytes); }},
                        stop_);
    }

private:
    bool visit(const std::string& where, Bytes bytes) {
        const auto found = sought_.find(checksum(geometry_.csum_type, bytes));
        if (found != sought_.end()) {
            for (LostSector* sector : found->second) {
                use(*sector, bytes, where);
            }
            sought_.erase(found);
        }
        return !sought_.empty() && !stop_.stop_requested();
    }

    void use(LostSector& sector, Bytes bytes, const std::string& from) {
        sector.filled = use_(sector, bytes);
        if (sector.filled) {
            sector.from = from;
        }
    }

    /// Without what stands behind the algorithm's own size.
    btrfs::CsumBytes as_computed(const btrfs::CsumBytes& stored) const {
        btrfs::CsumBytes cut{};
        std::copy_n(stored.begin(), geometry_.csum_size_bytes, cut.begin());
        return cut;
    }

    const Geometry& geometry_;
    StopToken stop_;
    const UseBytes& use_;
    /// By checksum, all sectors that have it.
    std::unordered_map<btrfs::CsumBytes, std::vector<LostSector*>, HashChecksum> sought_;
};

} // namespace

void fill_from_donors(std::span<LostSector> lost, std::span<const std::unique_ptr<Donor>> donors,
                      const Geometry& geometry, const StopToken& stop, const UseBytes& use) {
    Filling filling(geometry, stop, use);
    for (LostSector& sector : lost) {
        if (stop.stop_requested()) {
            return;
        }
        if (!sector.filled && !filling.fill_by_place(sector, donors) && geometry.csum_type != btrfs::CsumType::crc32c) {
            filling.look_anywhere_for(sector);
        }
    }
    for (const auto& donor : donors) {
        filling.search(*donor);
    }
}

} // namespace btrkit::scrub
