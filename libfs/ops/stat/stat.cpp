// SPDX-License-Identifier: MIT
#include "libfs/ops/stat/stat.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/file_contents.h"
#include "libfs/fs/name_items.h"
#include "libfs/fs/stripe_tree.h"
#include "libfs/fs/subvolume_view.h"
#include "libfs/space/extent_lookup.h"
#include "libfs/volume/stripe_map.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::stat {

namespace {

constexpr std::size_t cache_bytes = std::size_t{8} << 20;
constexpr std::size_t most_names = 70'000; ///< more than Linux lets an inode have

class Teller {
public:
    Teller(const Filesystem& filesystem, const InodePlace& place, const Options& options, const RunContext& context,
           Report& report)
        : filesystem_(filesystem), place_(place), options_(options), context_(context), report_(report),
          cache_(filesystem.reader(), cache_bytes) {}

    Result<void> tell() {
        BTRKIT_TRY_ASSIGN(report_.inode, read_inode(filesystem_, place_));
        if (auto xattrs = read_xattrs(filesystem_, place_)) {
            report_.xattrs = std::move(*xattrs);
        } else {
            report_.errors.push_back(std::move(xattrs.error()));
        }
        tell_names();
        if (S_ISREG(report_.inode.mode) || S_ISLNK(report_.inode.mode)) {
            BTRKIT_TRY(tell_extents());
        }
        return S_ISREG(report_.inode.mode) && options_.verify ? verify() : Result<void>();
    }

private:
    void tell_names() {
        SubvolumeView view(cache_, place_.tree);
        for (const u8 type : {btrfs::item_type::inode_ref, btrfs::item_type::inode_extref}) {
            ItemRange refs(filesystem_.reader(), place_.tree.block, place_.inode, type);
            for (;;) {
                auto there = refs.next();
                if (!there) {
                    report_.errors.push_back(std::move(there.error()));
                } else if (!*there) {
                    break;
                } else {
                    for_each_name(refs.key(), refs.data(), [&](const NameRecord& record, const btrfs::DirItem*) {
                        if (!is_self_ref(record) && report_.paths.size() < most_names) {
                            add_name(view, record.parent, as_text(record.name));
                        }
                    });
                }
            }
        }
    }

    void add_name(SubvolumeView& view, u64 parent, std::string_view name) {
        const auto above = view.path_of(parent);
        if (above) {
            report_.paths.push_back(fmt::format("/{}{}{}", *above, above->empty() ? "" : "/", name));
        } else {
            ++report_.names_without_path;
        }
    }

    Result<void> tell_extents() {
        const auto extent_tree = filesystem_.find_tree(btrfs::extent_tree_id);
        std::optional<TreeSearch> search;
        if (extent_tree) {
            search.emplace(cache_, extent_tree->block);
        }
        FileExtents extents(filesystem_, place_, report_.inode);
        for (;;) {
            if (context_.stop.stop_requested()) {
                return fail(ErrorKind::cancelled, "stopped");
            }
            auto extent = extents.next();
            if (!extent) {
                report_.errors.push_back(std::move(extent.error()));
                report_.has_all_extents = false;
                return {};
            }
            if (!*extent) {
                return {};
            }
            if (report_.extents.size() == options_.most_extents) {
                report_.has_all_extents = false;
                return {};
            }
            report_.extents.push_back(stat_of(std::move(**extent), search));
        }
    }

    ExtentStat stat_of(FileExtent extent, std::optional<TreeSearch>& search) const {
        ExtentStat stat{.extent = std::move(extent), .places = {}, .references = {}};
        stat.extent.inline_bytes = {};
        if (stat.extent.kind != ExtentKind::regular && stat.extent.kind != ExtentKind::prealloc) {
            return stat;
        }
        const u64 shown_at = stat.extent.is_compressed() ? 0 : stat.extent.offset_in_extent;
        stat.places = places_of({stat.extent.disk.bytenr + shown_at});
        if (search) {
            if (const auto head = find_extent_head(*search, stat.extent.disk.bytenr, filesystem_.geometry())) {
                stat.references = head->ref_count;
            }
        }
        return stat;
    }

    /// Of each stored copy.
    std::vector<Physical> places_of(Logical at) const {
        std::vector<Physical> places;
        const auto* chunk = filesystem_.volume().chunks().find(at);
        if (chunk == nullptr) {
            return places;
        }
        const auto stripes = uses_stripe_tree(*chunk) ? filesystem_.find_tree(btrfs::raid_stripe_tree_id)
                                                      : fail(ErrorKind::not_found, "not used");
        for (unsigned mirror = 1; mirror <= stored_copies(*chunk); ++mirror) {
            if (!stripes) {
                places.push_back(map_stripe(*chunk, at, 1, mirror).physical);
            } else if (const auto run = StripeTree(filesystem_.reader(), stripes->block)
                                            .find(at, filesystem_.geometry().sectorsize, mirror)) {
                places.push_back(run->place);
            }
        }
        return places;
    }

    Result<void> verify() {
        constexpr std::size_t most_told = 1000;
        FileContents contents(filesystem_, context_.problems);
        contents.open(place_, report_.inode);
        while (const auto run = contents.next()) {
            if (context_.stop.stop_requested()) {
                return fail(ErrorKind::cancelled, "stopped");
            }
            if (run->is_good()) {
                continue;
            }
            report_.bad_bytes += run->length;
            if (!report_.bad.empty() && report_.bad.back().end == run->offset) {
                report_.bad.back().end += run->length;
            } else if (report_.bad.size() < most_told) {
                report_.bad.push_back(
                    {.begin = run->offset, .end = run->offset + run->length, .why = run->damage->message});
            }
        }
        return {};
    }

    const Filesystem& filesystem_;
    const InodePlace& place_;
    const Options& options_;
    const RunContext& context_;
    Report& report_;
    BlockCache cache_;
};

} // namespace

Result<Report> run(const Filesystem& filesystem, const InodePlace& place, const Options& options,
                   const RunContext& context) {
    Report report;
    BTRKIT_TRY(Teller(filesystem, place, options, context, report).tell());
    return report;
}

} // namespace btrkit::stat
