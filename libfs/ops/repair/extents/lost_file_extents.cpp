// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/extents/lost_file_extents.h"

#include "libfs/fs/data_checksums.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/item_range.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/space/extent_lookup.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

constexpr std::size_t cache_bytes = std::size_t{4} << 20;

/// A file extent item of the file that has lost one, as it stands there.
struct Standing {
    btrfs::Key key;
    std::vector<std::byte> body;

    /// Nothing for inline ones and holes.
    std::optional<StoredExtent> stored() const { return stored_extent(body); }
    u64 end() const {
        const auto* range = view_at<btrfs::FileExtentRange>(body, sizeof(btrfs::FileExtentHead));
        return key.offset + (range == nullptr ? 0 : u64{range->num_bytes});
    }
    /// It refers to the extent as that reference says.
    bool is_of(u64 bytenr, const ExtentRef& ref) const {
        const auto extent = stored();
        return extent && extent->range.disk_bytenr == bytenr && key.offset - extent->range.offset == ref.offset;
    }
};

/// Looks for the places that extents name.
class Finder {
public:
    explicit Finder(const Filesystem& filesystem, const TreeRoot& extents)
        : filesystem_(filesystem), cache_(filesystem.reader(), cache_bytes), extents_(cache_, extents.block),
          checksums_(filesystem) {}

    Result<void> look_at(u64 bytenr) {
        const auto found = find_extent(extents_, bytenr, filesystem_.geometry());
        if (!found || !found->record.is_data()) {
            return {}; // what is wrong with it is told by itself, and it names nobody
        }
        for (const auto& ref : found->record.refs) {
            if (ref.type == type::extent_data_ref) {
                BTRKIT_TRY(look_for(found->record, ref));
            }
        }
        return {};
    }
    std::vector<LostFileExtent> release() { return std::move(lost_); }

private:
    Result<void> look_for(const ExtentRecord& extent, const ExtentRef& ref) {
        const auto tree = filesystem_.find_tree(ref.root);
        const auto inode =
            tree ? read_inode(filesystem_, {*tree, ref.objectid}) : Result<Inode>(std::unexpected(tree.error()));
        if (!inode || inode->type() != S_IFREG) {
            return {}; // no such file any more
        }
        BTRKIT_TRY_ASSIGN(const auto all, standing_in(*tree, ref.objectid));
        if (std::ranges::any_of(all, [&](const Standing& one) { return one.is_of(extent.bytenr, ref); })) {
            return {};
        }
        const auto at = std::ranges::find(all, ref.offset, [](const Standing& one) { return one.key.offset; });
        if (at != all.end()) {
            return correct_address(extent, *at, ref.root, *inode);
        }
        return fill_gap(extent, ref, *inode, all);
    }

    Result<std::vector<Standing>> standing_in(const TreeRoot& tree, u64 inode) const {
        std::vector<Standing> all;
        ItemRange items(filesystem_.reader(), tree.block, inode, type::extent_data);
        for (;;) {
            BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
            if (!is_there) {
                return all;
            }
            all.push_back({items.key(), {items.data().begin(), items.data().end()}});
        }
    }

    /// The file has something there: another extent, which was written over this one; or an address that no extent has.
    /// Then one of the two is wrong, and the file is right unless its address can't be, or checksums say so.
    Result<void> correct_address(const ExtentRecord& extent, Standing standing, u64 tree, const Inode& inode) {
        const auto stored = standing.stored();
        if (!stored || find_extent(extents_, stored->range.disk_bytenr, filesystem_.geometry())) {
            return {};
        }
        BTRKIT_TRY_ASSIGN(const bool is_file_wrong, is_likelier(extent.bytenr, stored->range.disk_bytenr, inode));
        if (!is_file_wrong) {
            return {};
        }
        if (stored->range.disk_num_bytes != extent.length_bytes || stored->range.offset != 0) {
            return unsure(extent, standing.key, "the file has an impossible extent of another length there");
        }
        auto* range = reinterpret_cast<btrfs::FileExtentRange*>(standing.body.data() + sizeof(btrfs::FileExtentHead));
        range->disk_bytenr = extent.bytenr;
        lost_.push_back({.tree = tree,
                         .key = standing.key,
                         .body = std::move(standing.body),
                         .extent = extent,
                         .is_correction = true});
        return {};
    }

    /// Whether the data of that inode lies at the one address, and not at the other.
    Result<bool> is_likelier(u64 recorded, u64 stored, const Inode& inode) {
        if (!can_be_data(recorded) || !can_be_data(stored)) {
            return can_be_data(recorded);
        }
        BTRKIT_TRY_ASSIGN(const auto sums_there, checksums_.find({stored}, 1));
        BTRKIT_TRY_ASSIGN(const auto sums, checksums_.find({recorded}, 1));
        return inode.has_checksums() && !sums_there.front() && sums.front();
    }

    bool can_be_data(u64 bytenr) const {
        const auto* chunk = filesystem_.volume().chunks().find({bytenr});
        return bytenr % filesystem_.geometry().sectorsize == 0 && chunk != nullptr &&
               (chunk->type & btrfs::block_group_data) != 0;
    }

    Result<void> fill_gap(const ExtentRecord& extent, const ExtentRef& ref, const Inode& inode,
                          std::span<const Standing> all) {
        const btrfs::Key key = {ref.objectid, type::extent_data, ref.offset};
        const Range gap = gap_at(ref.offset, inode, all);
        if (gap.start >= gap.end) {
            return {}; // it was written over
        }
        if (gap != range_from(ref.offset, extent.length_bytes)) {
            return unsure(extent, key, "the file has a gap of another length there");
        }
        if (inode.nbytes != held_bytes(all) + gap.length()) {
            return unsure(extent, key, "nbytes of the file does not say that it had this extent");
        }
        BTRKIT_TRY_ASSIGN(const auto sums, checksums_.find({extent.bytenr}, 1));
        if (!inode.has_checksums() || !sums.front()) {
            return unsure(extent, key, "without checksums it may have been written or only reserved");
        }
        const btrfs::FileExtentHead head = {.generation = extent.generation,
                                            .ram_bytes = extent.length_bytes,
                                            .type = static_cast<u8>(btrfs::FileExtentType::regular)};
        const btrfs::FileExtentRange range = {.disk_bytenr = extent.bytenr,
                                              .disk_num_bytes = extent.length_bytes,
                                              .offset = 0,
                                              .num_bytes = extent.length_bytes};
        std::vector<std::byte> body(as_bytes_of(head).begin(), as_bytes_of(head).end());
        body.insert(body.end(), as_bytes_of(range).begin(), as_bytes_of(range).end());
        lost_.push_back({.tree = ref.root, .key = key, .body = std::move(body), .extent = extent});
        return {};
    }

    /// From that offset on, up to the next extent or the end of the file; empty where an extent covers the offset.
    Range gap_at(u64 offset, const Inode& inode, std::span<const Standing> all) const {
        Range gap = {offset, round_up(inode.size, filesystem_.geometry().sectorsize)};
        for (const auto& one : all) {
            if (one.key.offset <= offset && offset < one.end()) {
                return {};
            }
            if (one.key.offset > offset) {
                gap.end = std::min(gap.end, one.key.offset);
            }
        }
        return gap;
    }

    static u64 held_bytes(std::span<const Standing> all) {
        u64 sum = 0;
        for (const auto& one : all) {
            sum += one.stored() ? one.end() - one.key.offset : 0;
        }
        return sum;
    }

    static std::unexpected<Error> unsure(const ExtentRecord& extent, const btrfs::Key& key, std::string_view why) {
        return fail(ErrorKind::damaged,
                    fmt::format("extent {} may be what a file has lost (inode {}, offset {}), but {}", extent.bytenr,
                                key.objectid, key.offset, why));
    }

    const Filesystem& filesystem_;
    BlockCache cache_;
    TreeSearch extents_;
    DataChecksums checksums_;
    std::vector<LostFileExtent> lost_;
};

} // namespace

Result<std::vector<LostFileExtent>> find_lost_file_extents(const Filesystem& filesystem, const FindingList& findings) {
    std::set<u64> unheld;
    for (const auto* finding : findings) {
        const auto& [code, place, detail, refused_by] = finding->problem;
        const bool is_data = place.logical && place.length;
        if ((code == ProblemCode::extent_unreferenced || code == ProblemCode::extent_ref_unfounded) && is_data) {
            unheld.insert(place.logical->bytenr);
        }
    }
    const auto extents = filesystem.find_tree(btrfs::extent_tree_id);
    if (unheld.empty() || !extents) {
        return {};
    }
    Finder finder(filesystem, *extents);
    for (const u64 bytenr : unheld) {
        BTRKIT_TRY(finder.look_at(bytenr));
    }
    return finder.release();
}

} // namespace btrkit::repair
