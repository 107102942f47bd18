// SPDX-License-Identifier: MIT
#include "apps/mkfs/report.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <numeric>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

void put(std::string& text, std::string_view name, std::string_view value) {
    text += fmt::format("{:<20}{}\n", fmt::format("{}:", name), value);
}

u64 total_length(const std::vector<Chunk>& chunks) {
    return std::accumulate(chunks.begin(), chunks.end(), u64{0},
                           [](u64 sum, const Chunk& chunk) { return sum + chunk.length; });
}

void put_chunks(std::string& text, std::string_view name, const std::vector<Chunk>& chunks) {
    if (!chunks.empty()) {
        text += fmt::format("  {:<18}{:<10}{:>12}\n", fmt::format("{}:", name), chunks.front().profile().name,
                            size_text(total_length(chunks)));
    }
}

std::string feature_names(const mkfs::Parameters& parameters) {
    std::string names;
    const auto add = [&](std::string_view name) {
        names += names.empty() ? "" : ", ";
        names += name;
    };
    for (const auto& info : mkfs::feature_table()) {
        const bool has = (info.incompat | info.compat_ro) != 0 &&
                         (parameters.features.incompat & info.incompat) == info.incompat &&
                         (parameters.features.compat_ro & info.compat_ro) == info.compat_ro;
        if (has) {
            add(info.name);
        }
    }
    if (parameters.features.quota) {
        add("quota");
    }
    return names;
}

void put_content(std::string& text, const MkfsOutcome& outcome) {
    const auto& totals = outcome.plan.totals;
    const std::string_view at_most = totals.is_exact || outcome.report != nullptr ? "" : "at most ";
    const u64 data = outcome.report != nullptr ? outcome.report->data_bytes : totals.data_bytes;
    const u64 metadata = outcome.report != nullptr ? outcome.report->metadata_bytes : totals.metadata_bytes;
    put(text, "Content",
        fmt::format("{} inodes, {} subvolumes, {} bytes of file data", totals.inode_count, totals.subvolume_count,
                    totals.file_bytes));
    put(text, "Space for it", fmt::format("{}{} data, {} metadata", at_most, size_text(data), size_text(metadata)));
}

} // namespace

std::string mkfs_text(const MkfsOutcome& outcome) {
    const auto& parameters = outcome.plan.parameters;
    const auto& layout = outcome.layout();
    std::string text;
    if (outcome.report == nullptr) {
        text += "Nothing was written (--dry-run). This would be made:\n";
    }
    u64 total = 0;
    for (const auto& device : layout.devices) {
        total += device.size_bytes;
    }
    put(text, "Label", parameters.label.empty() ? "(none)" : printable(parameters.label));
    put(text, "UUID", uuid_text(parameters.fsid));
    put(text, "Node size", fmt::to_string(parameters.geometry.nodesize));
    put(text, "Sector size", fmt::to_string(parameters.geometry.sectorsize));
    put(text, "Checksum", btrfs::find_csum_type(static_cast<u16>(parameters.geometry.csum_type))->name);
    put(text, "Filesystem size", fmt::format("{} ({} bytes)", size_text(total), total));
    put_content(text, outcome);
    text += "Block groups:\n";
    put_chunks(text, parameters.mixed ? "Data+Metadata" : "Data", layout.data);
    put_chunks(text, parameters.mixed ? "Data+Metadata" : "Metadata", layout.metadata);
    put_chunks(text, "System", layout.system);
    put(text, "Features", feature_names(parameters));
    text += fmt::format("Devices:\n  {:>4}  {:>12}  PATH\n", "ID", "SIZE");
    for (std::size_t i = 0; i < layout.devices.size(); ++i) {
        text += fmt::format("  {:>4}  {:>12}  {}\n", i + 1, size_text(layout.devices[i].size_bytes),
                            printable(outcome.targets[i].name()));
    }
    return text;
}

} // namespace btrkit::apps
