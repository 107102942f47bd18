// SPDX-License-Identifier: MIT
// What subvolumes show of data, sector by sector and without any cleverness: the plain oracle for what defragment may
// and must join.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/ops/defragment/subvolume_order.h"
#include "tests/unit/edit/edit_bench.h"

#include <map>
#include <optional>
#include <set>

namespace btrkit::test {

class PlainView {
public:
    explicit PlainView(const Filesystem& filesystem) : sector_(filesystem.geometry().sectorsize) {
        for (const auto& root : must(defragment::subvolumes_in_order(filesystem))) {
            read(filesystem, root);
        }
    }

    /// Extents that items refer to, and that could be cut.
    std::size_t extent_count() const {
        std::set<u64> extents;
        for (const auto& [sector, seen] : sectors_) {
            extents.insert(seen.extent);
        }
        return extents.size();
    }

    /// Of how many extents the same data could do at best: what everyone sees side by side is one, and what somebody
    /// sees of one extent, unless the first subvolume that sees it does not see all.
    std::size_t least_extent_count() const {
        std::map<u64, u64> next;
        std::set<u64> followed;
        const auto link = [&](u64 sector, u64 other) {
            if (!next.contains(sector) && !followed.contains(other)) {
                next[sector] = other;
                followed.insert(other);
            }
        };
        for (const auto& [sector, seen] : sectors_) {
            const u64 other = sector + sector_;
            if (is_same_extent(sector, other) && seen.behind.contains(other) &&
                (is_always(sector, other) || seen.first_tree == sectors_.at(other).first_tree)) {
                link(sector, other);
            }
        }
        for (const auto& [sector, seen] : sectors_) {
            if (seen.behind.size() == 1 && *seen.behind.begin() != nothing) {
                const u64 other = *seen.behind.begin();
                if (is_always(sector, other) && seen.has_checksums == sectors_.at(other).has_checksums) {
                    link(sector, other);
                }
            }
        }
        for (const auto& [sector, seen] : sectors_) {
            const u64 other = sector + sector_;
            if (is_same_extent(sector, other) && seen.first_tree == sectors_.at(other).first_tree) {
                link(sector, other);
            }
        }
        return sectors_.size() - followed.size() + circles_in(next, followed);
    }

    /// Which bytes of which files are one, in words that don't depend on where they lie.
    std::vector<std::string> sharing() const {
        std::map<u64, std::size_t> names;
        std::vector<std::string> lines;
        for (const auto& [place, sector] : places_) {
            const auto name = sector == nothing ? 0 : names.try_emplace(sector, names.size() + 1).first->second;
            lines.push_back(std::to_string(std::get<0>(place)) + " " + std::to_string(std::get<1>(place)) + " " +
                            std::to_string(std::get<2>(place)) + ": " + std::to_string(name));
        }
        return lines;
    }

private:
    static constexpr u64 nothing = 0;

    /// Data that goes on in itself is one extent, too.
    std::size_t circles_in(std::map<u64, u64> next, const std::set<u64>& followed) const {
        const auto drop = [&](u64 sector) {
            for (auto at = next.find(sector); at != next.end(); at = next.find(sector)) {
                sector = at->second;
                next.erase(at);
            }
        };
        for (const auto& [sector, seen] : sectors_) {
            if (!followed.contains(sector)) {
                drop(sector);
            }
        }
        std::size_t circles = 0;
        for (; !next.empty(); ++circles) {
            drop(next.begin()->first);
        }
        return circles;
    }

    struct Seen {
        u64 extent = 0;
        u64 first_tree = 0;
        bool has_checksums = false;
        std::set<u64> behind; ///< sectors that stand behind it somewhere; nothing: somewhere none does
        std::set<u64> before;
    };

    void read(const Filesystem& filesystem, const TreeRoot& root) {
        std::map<u64, bool> has_checksums;
        ItemRange items(filesystem.reader(), root.block, KeyRange{});
        u64 last = nothing;
        std::pair<u64, u64> end; ///< inode, and where the item before ends in it
        while (must(items.next())) {
            const auto key = items.key();
            if (key.type == btrfs::item_type::inode_item) {
                has_checksums[key.objectid] =
                    (view_at<btrfs::InodeItem>(items.data())->flags & btrfs::inode_nodatasum) == 0;
            }
            const auto stored = key.type == btrfs::item_type::extent_data ? stored_extent(items.data()) : std::nullopt;
            if (!stored || !stored->is_written() || odd_.contains(stored->range.disk_bytenr)) {
                if (stored) {
                    forget(stored->range.disk_bytenr);
                    note_odd(root.id, key, *stored);
                }
                end_at(last);
                last = nothing;
                continue;
            }
            if (end != std::pair(key.objectid, key.offset)) {
                end_at(last);
                last = nothing;
            }
            for (u64 at = 0; at < stored->range.num_bytes; at += sector_) {
                const u64 sector = stored->range.disk_bytenr + stored->range.offset + at;
                auto& seen = sectors_[sector];
                seen.extent = stored->range.disk_bytenr;
                seen.first_tree = seen.first_tree == 0 ? root.id : seen.first_tree;
                seen.has_checksums = has_checksums[key.objectid];
                seen.before.insert(last);
                if (last != nothing) {
                    sectors_[last].behind.insert(sector);
                }
                last = sector;
                places_[{root.id, key.objectid, key.offset + at}] = sector;
            }
            end = {key.objectid, key.offset + stored->range.num_bytes};
        }
        end_at(last);
    }

    void end_at(u64 sector) {
        if (sector != nothing && sectors_.contains(sector)) {
            sectors_[sector].behind.insert(nothing);
        }
    }
    /// Preallocated extents stay as they are, whoever shows what of them.
    void note_odd(u64 tree, const btrfs::Key& key, const StoredExtent& stored) {
        for (u64 at = 0; at < stored.range.num_bytes; at += sector_) {
            places_[{tree, key.objectid, key.offset + at}] = stored.range.disk_bytenr + stored.range.offset + at;
        }
    }
    void forget(u64 extent) {
        odd_.insert(extent);
        std::erase_if(sectors_, [&](const auto& entry) { return entry.second.extent == extent; });
        for (auto& [sector, seen] : sectors_) {
            replace_lost(seen.behind);
            replace_lost(seen.before);
        }
    }
    void replace_lost(std::set<u64>& sectors) const {
        if (std::erase_if(sectors, [&](u64 each) { return each != nothing && !sectors_.contains(each); }) > 0) {
            sectors.insert(nothing);
        }
    }

    bool is_same_extent(u64 sector, u64 other) const {
        const auto found = sectors_.find(other);
        return found != sectors_.end() && found->second.extent == sectors_.at(sector).extent;
    }
    bool is_always(u64 sector, u64 other) const {
        return sectors_.at(sector).behind == std::set{other} && sectors_.at(other).before == std::set{sector};
    }

    u64 sector_;
    std::map<u64, Seen> sectors_;
    std::map<std::tuple<u64, u64, u64>, u64> places_; ///< by subvolume, inode and offset
    std::set<u64> odd_;
};

} // namespace btrkit::test
