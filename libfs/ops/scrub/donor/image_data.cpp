// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/donor/image_data.h"

#include "formats/btrfs/item_types.h"

#include <vector>

#include <fmt/format.h>

namespace btrkit::scrub {

namespace {

constexpr u64 data_run_bytes = u64{1} << 20; ///< a multiple of every sector size
/// No address is above this: so their sums are defined.
constexpr u64 most_bytenr = u64{1} << 62;

class DataVisit {
public:
    DataVisit(const Filesystem& filesystem, const std::string& name, const Search& search, const StopToken& stop)
        : filesystem_(filesystem), geometry_(filesystem.geometry()), name_(name), search_(search), stop_(stop),
          knows_checksums_(geometry_.csum_type == search.csum_type && geometry_.sectorsize == search.sectorsize),
          run_(data_run_bytes) {}

    void run() {
        const auto tree = filesystem_.find_tree(btrfs::csum_tree_id);
        if (!tree) {
            return;
        }
        Cursor cursor(filesystem_.reader(), tree->block);
        const auto is_checksums = [&] {
            return cursor.key().objectid == btrfs::extent_csum_objectid &&
                   cursor.key().type == btrfs::item_type::extent_csum;
        };
        bool there = cursor.seek({btrfs::extent_csum_objectid, btrfs::item_type::extent_csum, 0});
        while (there && is_checksums() && visit_item(cursor.key().offset, cursor.data())) {
            there = cursor.next();
        }
    }

private:
    /// The sectors that an item tells of, without those that one before it told of. False where the search is over.
    bool visit_item(u64 start, Bytes checksums) {
        const u64 sectorsize = geometry_.sectorsize;
        const u64 end = start + checksums.size() / geometry_.csum_size_bytes * sectorsize;
        if (start > most_bytenr || !is_aligned(start, sectorsize)) {
            return true;
        }
        const u64 from = std::max(start, position_);
        position_ = std::max(position_, end);
        for (u64 at = from; at < end;) {
            if (stop_.stop_requested()) {
                return false;
            }
            const u64 length = std::min(data_run_bytes, end - at);
            const Bytes of_run = checksums.subspan((at - start) / sectorsize * geometry_.csum_size_bytes);
            if (knows_checksums_ ? !visit_wanted(at, length, of_run) : !visit_run(at, length)) {
                return false;
            }
            at += length;
        }
        return true;
    }

    /// Of a run only what has a wanted checksum.
    bool visit_wanted(u64 at, u64 length, Bytes checksums) {
        for (u64 sector = at; sector < at + length; sector += geometry_.sectorsize) {
            btrfs::CsumBytes checksum{};
            std::memcpy(checksum.data(), checksums.data(), geometry_.csum_size_bytes);
            checksums = checksums.subspan(geometry_.csum_size_bytes);
            if (search_.is_wanted(checksum) && !visit_run(sector, geometry_.sectorsize)) {
                return false;
            }
        }
        return true;
    }

    bool visit_run(u64 at, u64 length) {
        const auto run = MutableBytes(run_).first(length);
        const auto& volume = filesystem_.volume();
        const Chunk* chunk = volume.chunks().find({at});
        const unsigned mirrors = volume.mirror_count({at});
        for (unsigned mirror = 1; mirror <= mirrors; ++mirror) {
            const bool is_read = filesystem_.read_data({at}, run, mirror).has_value();
            if (is_read ? !visit_sectors(at, run) : !visit_readable(at, run, mirror)) {
                return false;
            }
            if (is_read && chunk->profile().parity > 0) {
                break; // the others are the same bytes, rebuilt with effort
            }
        }
        return true;
    }

    /// The sectors of a run that can't be read as a whole.
    bool visit_readable(u64 at, MutableBytes run, unsigned mirror) {
        for (u64 offset = 0; offset + search_.sectorsize <= run.size(); offset += search_.sectorsize) {
            const auto sector = run.subspan(offset, search_.sectorsize);
            if (filesystem_.read_data({at + offset}, sector, mirror) && !visit_sectors(at + offset, sector)) {
                return false;
            }
        }
        return true;
    }

    bool visit_sectors(u64 at, Bytes run) {
        for (u64 offset = 0; offset + search_.sectorsize <= run.size(); offset += search_.sectorsize) {
            const auto where = fmt::format("{} at logical {}", name_, at + offset);
            if (!search_.visit(where, run.subspan(offset, search_.sectorsize))) {
                return false;
            }
        }
        return true;
    }

    const Filesystem& filesystem_;
    const Geometry& geometry_;
    const std::string& name_;
    const Search& search_;
    StopToken stop_;
    bool knows_checksums_;
    std::vector<std::byte> run_;
    u64 position_ = 0; ///< what lies before it was handed out
};

} // namespace

void visit_data(const Filesystem& filesystem, const std::string& name, const Search& search, const StopToken& stop) {
    DataVisit(filesystem, name, search, stop).run();
}

} // namespace btrkit::scrub
