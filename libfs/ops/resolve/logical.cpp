// SPDX-License-Identifier: MIT
#include "libfs/ops/resolve/resolve.h"
#include "libfs/survey/naming/paths.h"
#include "libfs/survey/naming/reach.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/verify/copy_places.h"
#include "libfs/tree/tree_search.h"

namespace btrkit::resolve {

namespace {

namespace type = btrfs::item_type;

constexpr std::size_t extent_cache_bytes = std::size_t{4} << 20;

/// The extent that has the address, if one has. Fails with damaged.
Result<std::optional<Extent>> find_extent_of(TreeSearch& extents, const Chunk& chunk, Logical at,
                                             const Geometry& geometry) {
    u64 from = at.bytenr;
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, extents.seek_back({from, type::metadata_item, ~u64{0}}));
        if (!is_there || extents.key().objectid < chunk.start.bytenr) {
            return std::nullopt;
        }
        const auto key = extents.key();
        if (const auto extent = parse_extent(key, extents.data(), geometry)) {
            const bool holds = at.bytenr - extent->bytenr < extent->length_bytes;
            return holds ? extent : std::nullopt;
        }
        // A reference or a block group; the extent of that address stands before it.
        if (key.objectid == from && key.type <= type::metadata_item) {
            if (from == 0) {
                return std::nullopt;
            }
            --from;
        } else {
            from = key.objectid;
        }
    }
}

class LogicalResolver {
public:
    LogicalResolver(const Filesystem& filesystem, const Options& options, const RunContext& context)
        : options_(options),
          survey_{
              .filesystem = filesystem, .run = context, .findings = findings_, .references = survey::ReferenceSums(0)} {
    }

    AddressReport resolve(Logical at) {
        AddressReport report{.at = at};
        report.chunk = filesystem().volume().chunks().find(at);
        if (report.chunk == nullptr) {
            return report;
        }
        find_copies(report);
        survey_.roots = survey::read_roots(filesystem(), survey_.run.stop, survey_.run.problems);
        find_use(report);
        if (report.use == Use::data || (report.use == Use::unknown && !is_metadata(*report.chunk))) {
            find_files(report);
        } else if (report.use == Use::block || report.use == Use::unknown) {
            find_block(report);
        }
        return report;
    }

private:
    const Filesystem& filesystem() const { return survey_.filesystem; }
    static bool is_metadata(const Chunk& chunk) {
        return (chunk.type & (btrfs::block_group_metadata | btrfs::block_group_system)) != 0;
    }

    void find_copies(AddressReport& report) const {
        const survey::CopyPlaces places(filesystem());
        for (unsigned mirror = 1; mirror <= stored_copies(*report.chunk); ++mirror) {
            if (const auto run = places.find(*report.chunk, report.at, 1, mirror)) {
                report.places.push_back(run->place);
            }
        }
    }

    /// Where there are several extent trees, the one that has it.
    void find_use(AddressReport& report) {
        BlockCache cache(filesystem().reader(), extent_cache_bytes);
        bool is_known = survey_.roots.complete;
        bool has_tree = false;
        for (const auto& record : survey_.roots.records) {
            if (record.id() != btrfs::extent_tree_id) {
                continue;
            }
            has_tree = true;
            TreeSearch extents(cache, record.root.block);
            const auto found = find_extent_of(extents, *report.chunk, report.at, survey_.geometry());
            is_known &= found.has_value();
            if (found && *found) {
                report.extent = **found;
                report.use = report.extent->is_data() ? Use::data : Use::block;
                return;
            }
        }
        report.use = is_known && has_tree ? Use::free : Use::unknown;
    }

    void find_files(AddressReport& report) {
        const Range wanted = options_.whole_extent && report.extent
                                 ? range_from(report.extent->bytenr, report.extent->length_bytes)
                                 : range_from(report.at.bytenr, 1);
        auto found = survey::places_of_data(survey_, std::span(&wanted, 1), options_.most_places);
        report.files = std::move(found.places);
        report.has_all = !found.is_cut && survey_.roots.complete;
    }

    /// Where the extent tree does not say where the block begins, it begins where nodes do.
    void find_block(AddressReport& report) {
        const u64 nodesize = survey_.geometry().nodesize;
        const Logical begin{report.extent ? report.extent->bytenr : report.at.bytenr / nodesize * nodesize};
        const OwnedBlock block(filesystem().reader(), {.address = begin});
        if (!block.is_proven()) {
            report.has_all = false;
            return;
        }
        const auto& header = block.block().header();
        report.block = BlockContent{.owner = header.owner,
                                    .generation = header.generation,
                                    .level = header.level,
                                    .item_count = block.block().count()};
        if (block.block().count() > 0) {
            report.block->first_key = block.block().key(0);
            find_subvolumes(report, begin);
        }
    }

    void find_subvolumes(AddressReport& report, Logical block) {
        if (!btrfs::is_file_tree(report.block->owner)) {
            return;
        }
        survey::LimitedCache cache(filesystem().reader(), survey_.run.memory_bytes / 8);
        survey::Reach reach(survey_.roots, cache);
        survey::Paths paths(survey_.roots, cache);
        for (const u32 number : reach.of(block, *report.block->first_key)) {
            const u64 id = reach.subvolumes()[number]->id();
            report.subvolumes.push_back({.tree = id, .path = paths.of_subvolume(id)});
        }
        report.has_all = survey_.roots.complete && !cache.is_exhausted();
    }

    const Options& options_;
    survey::Findings findings_;
    survey::Survey survey_;
};

} // namespace

Result<AddressReport> resolve_logical(const Filesystem& filesystem, Logical at, const Options& options,
                                      const RunContext& context) {
    auto report = LogicalResolver(filesystem, options, context).resolve(at);
    return context.stop.stop_requested() ? fail(ErrorKind::cancelled, "stopped")
                                         : Result<AddressReport>(std::move(report));
}

} // namespace btrkit::resolve
