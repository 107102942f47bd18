// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/place_extents.h"

#include <algorithm>
#include <array>

namespace btrkit::defragment {

namespace {

/// To read a piece as long as that takes much longer than to come to it.
constexpr u64 good_piece_bytes = 32 * mib;
/// Extents are not cut into less to find room for them.
constexpr u64 least_piece_bytes = 64 * kib;

/// What a source takes on the devices.
Range disk_of(const DataExtent& extent, const Source& source, bool is_whole) {
    return is_whole ? extent.disk : Range{extent.disk.start + source.begin, extent.disk.start + source.end};
}

class Placer {
public:
    Placer(Transaction& transaction, const DataExtents& extents, u64 limit_bytes, Placed& placed)
        : transaction_(transaction), extents_(extents), limit_bytes_(limit_bytes), placed_(placed) {}

    Result<void> place(std::span<const PlannedExtent> planned) {
        while (!planned.empty()) {
            std::size_t count = 1;
            u64 bytes = disk_bytes(planned.front());
            while (count < planned.size() && goes_with(planned.front(), planned[count]) &&
                   bytes + disk_bytes(planned[count]) <= most_extent_bytes) {
                bytes += disk_bytes(planned[count++]);
            }
            const auto window = planned.first(count);
            placed_.fragment_count += pieces_of(window);
            BTRKIT_TRY_ASSIGN(const u64 pieces, place_window(window));
            placed_.laid_fragments += pieces;
            planned = planned.subspan(count);
        }
        placed_.layout.sort();
        return {};
    }

private:
    bool is_left_alone(const PlannedExtent& extent) const {
        return extents_[extent.sources.front().extent].is_left_alone;
    }
    bool goes_with(const PlannedExtent& first, const PlannedExtent& next) const {
        return first.file == next.file && !is_left_alone(first) && !is_left_alone(next);
    }

    u64 disk_bytes(const PlannedExtent& extent) const {
        u64 bytes = 0;
        for (const auto& source : extent.sources) {
            bytes += disk_of(extents_[source.extent], source, extent.is_whole).length();
        }
        return bytes;
    }

    /// Where one range goes on in the other, as one extent could.
    bool touch(Range left, Range right) const {
        const auto& chunks = transaction_.committed().volume().chunks();
        return left.end == right.start && chunks.find({left.start}) == chunks.find({right.start});
    }

    u64 pieces_of(std::span<const PlannedExtent> window) const {
        u64 pieces = 0;
        Range last;
        for (const auto& extent : window) {
            for (const auto& source : extent.sources) {
                const Range disk = disk_of(extents_[source.extent], source, extent.is_whole);
                pieces += pieces == 0 || !touch(last, disk) ? 1 : 0;
                last = disk;
            }
        }
        return pieces;
    }

    /// Returns in how many pieces the window is going to lie.
    Result<u64> place_window(std::span<const PlannedExtent> window) {
        const u64 pieces = pieces_of(window);
        if (pieces == 1) {
            std::ranges::for_each(window, [this](const PlannedExtent& extent) { keep(extent); });
            return pieces;
        }
        u64 bytes = 0;
        for (const auto& extent : window) {
            bytes += disk_bytes(extent);
        }
        BTRKIT_TRY_ASSIGN(auto room, take(bytes));
        if (room) {
            for (const auto& extent : window) {
                move(extent, room->start);
                room->start += disk_bytes(extent);
            }
            return 1;
        }
        // The next commit can have it as it is.
        const bool waits = bytes <= limit_bytes_ && placed_.moved_bytes + bytes > limit_bytes_;
        if (waits || (window.size() == 1 && bytes < 2 * least_piece_bytes)) {
            placed_.lacked_room = true;
            std::ranges::for_each(window, [this](const PlannedExtent& extent) { fall_apart(extent); });
            return pieces;
        }
        if (window.size() == 1) {
            return place_halves(window.front(), pieces);
        }
        BTRKIT_TRY_ASSIGN(const u64 first_half, place_window(window.first(window.size() / 2)));
        BTRKIT_TRY_ASSIGN(const u64 second_half, place_window(window.subspan(window.size() / 2)));
        return first_half + second_half;
    }

    Result<u64> place_halves(const PlannedExtent& extent, u64 pieces) {
        const auto halves = halves_of(extent);
        if (halves[1].sources.empty()) {
            placed_.lacked_room = true;
            fall_apart(extent);
            return pieces;
        }
        return place_window(halves);
    }

    /// Cut where a source ends, near the middle, but not where the next one goes on in the same old extent.
    static std::array<PlannedExtent, 2> halves_of(const PlannedExtent& whole) {
        u64 bytes = 0;
        for (const auto& source : whole.sources) {
            bytes += source.length();
        }
        std::array<PlannedExtent, 2> halves = {PlannedExtent{.file = whole.file}, PlannedExtent{.file = whole.file}};
        u64 done = 0;
        Source last;
        for (const auto& source : whole.sources) {
            const bool goes_on = done > 0 && goes_on_in(last, source);
            const bool is_first = halves[0].sources.empty() || goes_on || done + source.length() / 2 < bytes / 2;
            halves[is_first && halves[1].sources.empty() ? 0 : 1].sources.push_back(source);
            last = source;
            done += source.length();
        }
        if (!halves[1].sources.empty()) {
            halves[1].sources.front().begins_run = true;
        }
        return halves;
    }

    static bool goes_on_in(const Source& left, const Source& right) {
        return left.extent == right.extent && left.end == right.begin;
    }

    /// In one piece, where there is such room.
    Result<std::optional<Range>> take(u64 bytes) {
        if (placed_.moved_bytes + bytes <= limit_bytes_ && bytes < lacks_bytes_) {
            const auto room = transaction_.take_data(bytes, true);
            if (room) {
                placed_.moved_bytes += bytes;
                return *room;
            }
            if (room.error().kind != ErrorKind::no_space) {
                return std::unexpected(room.error());
            }
            lacks_bytes_ = bytes;
        }
        // What is long is laid out in parts where it must be.
        placed_.lacked_room = placed_.lacked_room || bytes <= good_piece_bytes;
        return std::nullopt;
    }

    void move(const PlannedExtent& extent, u64 to) {
        auto laid = describe(extent.sources, extent.is_whole);
        laid.disk = range_from(to, disk_bytes(extent));
        const auto target = placed_.layout.add_extent(laid);
        ++placed_.extent_count;
        u64 offset = 0;
        for (const auto& source : extent.sources) {
            const Range disk = disk_of(extents_[source.extent], source, extent.is_whole);
            placed_.layout.add_move(disk, to);
            to += disk.length();
            add_part(target, offset, source);
            offset += source.length();
        }
    }

    /// All of it lies in one piece.
    void keep(const PlannedExtent& extent) { keep(extent.sources, extent.is_whole); }

    void keep(std::span<const Source> sources, bool is_whole) {
        ++placed_.extent_count;
        const auto& first = extents_[sources.front().extent];
        const bool is_as_it_was = is_whole || (sources.front().begin == 0 && sources.back().end == first.plain_bytes &&
                                               sources.front().extent == sources.back().extent);
        if (is_as_it_was) {
            return;
        }
        auto laid = describe(sources, false);
        laid.is_recast = sources.front().begin == 0;
        laid.disk = {first.disk.start + sources.front().begin,
                     extents_[sources.back().extent].disk.start + sources.back().end};
        const auto target = placed_.layout.add_extent(laid);
        placed_.layout.add_kept(laid.disk);
        u64 offset = 0;
        for (const auto& source : sources) {
            placed_.layout.add_recast(extents_[source.extent].disk);
            add_part(target, offset, source);
            offset += source.length();
        }
    }

    void fall_apart(const PlannedExtent& extent) {
        if (extent.is_whole) {
            keep(extent);
            return;
        }
        std::vector<Source> piece;
        Range last;
        for (const auto& source : extent.sources) {
            const Range disk = disk_of(extents_[source.extent], source, false);
            if (!piece.empty() && !touch(last, disk)) {
                keep(piece, false);
                piece.clear();
            }
            piece.push_back(source);
            piece.front().begins_run = true;
            last = disk;
        }
        keep(piece, false);
    }

    LaidExtent describe(std::span<const Source> sources, bool is_whole) const {
        const auto& first = extents_[sources.front().extent];
        LaidExtent laid = {.quota_owner = first.quota_owner, .compression = first.compression, .keeps_items = is_whole};
        for (const auto& source : sources) {
            const auto& extent = extents_[source.extent];
            laid.plain_bytes += source.length();
            laid.generation = std::max(laid.generation, extent.generation);
            laid.item_generation = std::max(laid.item_generation, extent.item_generation);
        }
        return laid;
    }

    void add_part(std::size_t target, u64 target_offset, const Source& source) {
        placed_.layout.add_part({.extent = extents_[source.extent].disk.start,
                                 .offset = source.begin,
                                 .length_bytes = source.length(),
                                 .target = target,
                                 .target_offset = target_offset},
                                source.begins_run);
    }

    Transaction& transaction_;
    const DataExtents& extents_;
    u64 limit_bytes_;
    u64 lacks_bytes_ = ~u64{0}; ///< there is no room for so much
    Placed& placed_;
};

} // namespace

Result<void> place_extents(Transaction& transaction, const DataExtents& extents, std::span<const PlannedExtent> planned,
                           u64 limit_bytes, Placed& placed) {
    return Placer(transaction, extents, limit_bytes, placed).place(planned);
}

} // namespace btrkit::defragment
