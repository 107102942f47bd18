// SPDX-License-Identifier: MIT
// The old free space caches, where the kernel would trust them.
#include "formats/btrfs/item_types.h"
#include "libfs/fs/file_data.h"
#include "libfs/ops/check/space/free_ranges.h"
#include "libfs/ops/check/space/space_cache_file.h"
#include "libfs/survey/find_tree.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

/// The header of a block group's cache.
struct CacheHeader {
    const Chunk* chunk = nullptr;
    btrfs::FreeSpaceHeader item;
    Place place;
};

class CacheCheck {
public:
    CacheCheck(Context& context, const CacheHeader& header) : context_(&context), header_(&header) {}

    void run() {
        if (const auto location = header_->item.location.to_key();
            location.type != btrfs::item_type::inode_item || location.offset != 0) {
            tell("its header names no inode");
            return;
        }
        const InodePlace place{.tree = context_->filesystem.root_tree(), .inode = header_->item.location.objectid};
        const auto inode = read_inode(context_->filesystem, place);
        if (!inode) {
            tell(inode.error().message);
            return;
        }
        // How the kernel says itself that the cache is not to be used.
        if (inode->generation == 0 || inode->size == 0 || header_->item.num_entries == 0) {
            return;
        }
        if (header_->item.generation != inode->generation) {
            tell(fmt::format("its inode has generation {}, but its header {}", inode->generation,
                             u64{header_->item.generation}));
            return;
        }
        if (inode->size > most_space_cache_bytes(context_->geometry().sectorsize)) {
            tell(fmt::format("its file has {} bytes", inode->size));
            return;
        }
        check_file(place, *inode);
    }

private:
    void check_file(const InodePlace& place, const Inode& inode) {
        const auto file = read_file(place, inode);
        if (!file) {
            tell(file.error().message);
            return;
        }
        const auto free = parse_space_cache(*file, {.generation = header_->item.generation,
                                                    .entry_count = header_->item.num_entries,
                                                    .bitmap_count = header_->item.num_bitmaps,
                                                    .group = range_of(*header_->chunk),
                                                    .sectorsize = context_->geometry().sectorsize});
        if (!free) {
            tell(free.error());
        } else if (!context_->unknown_extents.intersects(range_of(*header_->chunk))) {
            const auto differences = compare_free_space(*context_, *header_->chunk, *free);
            // The kernel compares the sum, and drops what does not fit. It would believe the rest.
            const auto code = differences.missing.total_bytes() == differences.used.total_bytes()
                                  ? ProblemCode::space_cache_believed
                                  : ProblemCode::space_cache;
            tell_difference(code, differences.missing, "free, but not in it");
            tell_difference(code, differences.used, "in it, but used");
        }
    }

    Result<std::vector<std::byte>> read_file(const InodePlace& place, const Inode& inode) const {
        std::vector<std::byte> bytes;
        FileReader reader(context_->filesystem);
        reader.open(place, inode);
        while (true) {
            BTRKIT_TRY_ASSIGN(const auto run, reader.next());
            if (!run) {
                return bytes;
            }
            bytes.insert(bytes.end(), run->bytes.begin(), run->bytes.end());
            bytes.resize(run->offset + run->length);
        }
    }

    void tell_difference(ProblemCode code, const RangeSet& ranges, std::string_view what) {
        if (!ranges.empty()) {
            tell(fmt::format("{} bytes are {}, the first at {}", ranges.total_bytes(), what,
                             ranges.ranges().front().start),
                 code);
        }
    }

    void tell(std::string_view what, ProblemCode code = ProblemCode::space_cache) {
        context_->findings.report(code, header_->place,
                                  fmt::format("of block group {}: {}", header_->chunk->start.bytenr, what));
    }

    Context* context_;
    const CacheHeader* header_;
};

/// Of block groups that are there: nobody reads others.
std::vector<CacheHeader> find_headers(Context& context) {
    std::vector<CacheHeader> headers;
    Cursor cursor(context.filesystem.reader(), context.filesystem.root_tree().block);
    const btrfs::Key first{btrfs::free_space_objectid, btrfs::item_type::untyped, 0};
    for (bool there = cursor.seek(first); there; there = cursor.next()) {
        const auto key = cursor.key();
        if (key.objectid != first.objectid || key.type != first.type) {
            break;
        }
        const Chunk* chunk = context.filesystem.volume().chunks().find({key.offset});
        const auto* item = view_at<btrfs::FreeSpaceHeader>(cursor.data());
        if (item != nullptr && chunk != nullptr && chunk->start.bytenr == key.offset) {
            headers.push_back({chunk, *item, {.tree = btrfs::root_tree_id, .key = key}});
        }
    }
    return headers;
}

} // namespace

void check_space_caches(Context& context) {
    const auto& super = context.filesystem.super();
    // The kernel believes them only if it wrote them with the last commit.
    if (super.cache_generation != super.generation || is_old_dump(context)) {
        return;
    }
    for (const CacheHeader& header : find_headers(context)) {
        CacheCheck(context, header).run();
    }
}

} // namespace btrkit::check
