// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/dump_image.h"

#include "libfs/ops/dump_image/metadata_walk.h"
#include "libfs/ops/dump_image/parity_records.h"

#include <fmt/format.h>

namespace btrkit::dump_image {

namespace {

class Dump {
public:
    Dump(const Filesystem& filesystem, OutputSink& sink, const Options& options, const RunContext& context)
        : source_{.filesystem = filesystem, .privacy = options.privacy}, context_(context), writer_(sink),
          walk_(source_, writer_, context_, report_) {}

    Result<Report> run() {
        BTRKIT_TRY(begin());
        BTRKIT_TRY(put_superblocks());
        walk_.add(source_.filesystem.root_tree().block.address.bytenr);
        walk_.add(source_.filesystem.chunk_tree().block.address.bytenr);
        context_.progress.begin_phase("tree blocks", 0, ProgressUnit::items);
        BTRKIT_TRY(walk_.run());
        BTRKIT_TRY(put_foreign());
        BTRKIT_TRY(put_caches());
        BTRKIT_TRY(put_parity(source_, walk_.written(), writer_));
        BTRKIT_TRY(writer_.end());
        report_.record_count = writer_.record_count();
        report_.placed_bytes = writer_.placed_bytes();
        report_.file_bytes = writer_.file_bytes();
        return report_;
    }

private:
    Result<void> begin() {
        std::vector<dump_format::DeviceEntry> devices;
        for (const auto& [devid, member] : source_.volume().members()) {
            if (member.device != nullptr) {
                devices.push_back({.devid = devid, .uuid = member.uuid, .size_bytes = member.device->size_bytes()});
            }
        }
        if (devices.size() > dump_format::max_device_count) {
            return fail(ErrorKind::unsupported,
                        fmt::format("a dump takes at most {} devices", dump_format::max_device_count));
        }
        dump_format::FileStart start;
        start.privacy = static_cast<u32>(source_.privacy);
        start.fsid = source_.filesystem.super().fsid;
        start.generation = source_.geometry().generation;
        return writer_.begin(start, devices);
    }

    Result<void> put_superblocks() {
        RecordBuffer records;
        for (const auto& [devid, member] : source_.volume().members()) {
            if (member.device != nullptr) {
                put_superblocks_of(devid, *member.device, records);
            }
        }
        return writer_.put(records);
    }

    void put_superblocks_of(u64 devid, const BlockDevice& device, RecordBuffer& records) {
        Problems unreadable;
        for (auto& copy : read_superblock_copies(device, unreadable)) {
            if (copy.super.magic != btrfs::superblock_magic && copy.super.bytenr != copy.offset) {
                continue; // something else, or nothing
            }
            add_roots(copy.super);
            hide_in_superblock(copy.super, source_.privacy);
            records.add(as_bytes_of(copy.super),
                        {{.devid = devid, .offset = copy.offset, .from = 0, .length_bytes = sizeof(copy.super)}});
        }
    }

    /// Backups too: where the trees of today are lost, those are what is left.
    void add_roots(const btrfs::Superblock& super) {
        for (const u64 root : {u64{super.root}, u64{super.chunk_root}, u64{super.log_root}, u64{super.remap_root}}) {
            walk_.add(root);
        }
        for (const auto& backup : super.backup_roots) {
            for (const u64 root : {u64{backup.tree_root}, u64{backup.chunk_root}, u64{backup.extent_root},
                                   u64{backup.fs_root}, u64{backup.dev_root}, u64{backup.csum_root}}) {
                walk_.add(root);
            }
        }
    }

    Result<void> put_foreign() {
        for (const auto& range : walk_.foreign_ranges()) {
            RecordBuffer records;
            add_copies(source_, {range.start}, range.length(), records,
                       [&](MutableBytes bytes) { hide_foreign(bytes, source_.privacy); });
            BTRKIT_TRY(writer_.put(records));
        }
        return {};
    }

    Result<void> put_caches() {
        auto& caches = walk_.caches();
        std::ranges::sort(caches);
        RangeSet all;
        std::ranges::for_each(caches, [&](const Range& range) { all.append(range); });
        for (const auto& range : all.ranges()) {
            u64 length = 0;
            for (u64 at = range.start; at < range.end; at += length) {
                length = std::min<u64>(range.end - at, dump_format::max_record_bytes);
                BTRKIT_TRY(put_cache(range_from(at, length)));
            }
        }
        return {};
    }

    Result<void> put_cache(Range range) {
        if (context_.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        RecordBuffer records;
        add_copies(source_, {range.start}, range.length(), records, [](MutableBytes) {});
        report_.cache_bytes += range.length();
        return writer_.put(records);
    }

    Source source_;
    const RunContext& context_;
    Report report_;
    DumpWriter writer_;
    MetadataWalk walk_;
};

} // namespace

Result<Report> run(const Filesystem& filesystem, OutputSink& sink, const Options& options, const RunContext& context) {
    return Dump(filesystem, sink, options, context).run();
}

} // namespace btrkit::dump_image
