// SPDX-License-Identifier: MIT
#include "apps/common/finding_text.h"
#include "apps/common/group_type_text.h"
#include "apps/common/sizes.h"
#include "apps/common/text_table.h"
#include "apps/info/info_report.h"
#include "formats/btrfs/flags.h"
#include "libfs/base/names.h"
#include "libfs/render/local_time.h"
#include "libfs/survey/device_errors.h"

#include <ranges>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// Unless all are asked for.
constexpr std::size_t most_subvolumes = 10;

std::string flag_words(u64 flags, btrfs::FlagNames names) {
    TextBuffer text;
    put_flags(text, flags, names);
    return std::string(text.view());
}

std::string time_or_dash(const btrfs::Timespec& time) {
    return time.sec == 0 ? "-" : time_text_with_zone(static_cast<std::int64_t>(u64{time.sec}));
}

std::string uuid_or_dash(const btrfs::Uuid& uuid) {
    return uuid.is_null() ? "-" : uuid_text(uuid);
}

class InfoText {
public:
    explicit InfoText(const Glance& glance) : glance_(glance), super_(glance.super()) {}

    std::string of(Verbosity verbosity) {
        put_identity();
        put_commit();
        put_devices();
        put_space();
        put_subvolumes(verbosity == Verbosity::verbose ? ~std::size_t{0} : most_subvolumes);
        put_state(verbosity);
        return std::move(text_);
    }

private:
    void put(std::string_view name, std::string_view value) { text_ += fmt::format("{:<13}{}\n", name, value); }

    void put_identity() {
        put("Filesystem:", fmt::format("{}, UUID {}", label_text(super_), uuid_text(super_.fsid)));
        if (super_.tree_fsid() != super_.fsid) {
            put("", fmt::format("UUID in tree blocks {}", uuid_text(super_.tree_fsid())));
        }
        const auto* csum = btrfs::find_csum_type(super_.csum_type);
        put("Blocks:", fmt::format("nodes of {}, sectors of {}, {}", u32{super_.nodesize}, u32{super_.sectorsize},
                                   csum == nullptr ? "unknown checksums" : csum->name));
        put("Features:", flag_words(super_.incompat_flags, btrfs::incompat_flag_names));
        if (super_.compat_ro_flags != 0) {
            put("", flag_words(super_.compat_ro_flags, btrfs::compat_ro_flag_names));
        }
        if (const u64 flags = super_.flags & ~btrfs::super_flag_written; flags != 0) {
            put("Flags:", flag_words(flags, btrfs::super_flag_names));
        }
    }

    void put_commit() {
        put("Last commit:", fmt::format("generation {}", u64{super_.generation}));
        if (const auto* last = glance_.changed_last()) {
            put("", fmt::format("subvolume {} was changed last, {}, in generation {}", last->id(),
                                time_or_dash(last->root.item.ctime), u64{last->root.item.ctransid}));
        }
        put("Log:", glance_.has_log() ? "not replayed: what was synced last is in it, and the next mount takes it over"
                                      : "none");
    }

    std::string device_state(const usage::DeviceSpace& device) const {
        const auto& members = glance_.filesystem.volume().members();
        const auto found = members.find(device.devid);
        if (device.is_missing()) {
            return fmt::format("missing, UUID {}", found == members.end() ? "-" : uuid_or_dash(found->second.uuid));
        }
        std::string text = printable(device.path);
        text += device.is_seed ? ", a seed" : "";
        if (found != members.end() && found->second.stale) {
            text += fmt::format(", stale: of generation {}", found->second.generation);
        }
        const auto errors = glance_.device_errors.find(device.devid);
        const auto counters =
            errors == glance_.device_errors.end() ? std::string() : survey::device_errors_text(errors->second);
        return text + (counters.empty() ? "" : ", errors counted: " + counters);
    }

    void put_devices() {
        const auto missing = std::ranges::count_if(glance_.space.devices, &usage::DeviceSpace::is_missing);
        put("Devices:", fmt::format("{}{}", glance_.space.devices.size(),
                                    missing == 0 ? "" : fmt::format(", {} of them missing", missing)));
        TextTable table({3});
        table.add_row({"   Id", "Size", "Allocated", "Path"});
        for (const auto& device : glance_.space.devices) {
            table.add_row({fmt::format("{:>5}", device.devid), size_text(device.size_bytes),
                           size_text(device.allocated_bytes), device_state(device)});
        }
        text_ += table.text();
    }

    void put_space() {
        const auto& overall = glance_.space.overall;
        put("Space:", fmt::format("{} used, about {} free{}", size_text(super_.bytes_used),
                                  size_text(overall.free_estimated_bytes),
                                  glance_.space.is_complete ? "" : "; not all block groups can be read"));
        TextTable table({0, 1});
        table.add_row({"   Type", "Profile", "Size", "Used", ""});
        for (const auto& profile : glance_.space.profiles) {
            table.add_row({"   " + group_type_text(profile.flags), std::string(profile.profile().name),
                           size_text(profile.total_bytes), size_text(profile.used_bytes),
                           percent_text(profile.used_bytes, profile.total_bytes)});
        }
        text_ += table.text();
    }

    void put_subvolumes(std::size_t most) {
        u64 snapshots = 0;
        u64 deleted = 0;
        const auto& all = glance_.subvolumes.all();
        for (const auto& subvolume : all) {
            snapshots += subvolume.root.is_snapshot() ? 1 : 0;
            deleted += subvolume.is_deleted() ? 1 : 0;
        }
        std::string text = std::to_string(all.size());
        text += snapshots == 0 ? "" : fmt::format(", {}", plural(snapshots, "snapshot"));
        text += deleted == 0 ? "" : fmt::format(", {} deleted and not yet cleaned up", deleted);
        text += glance_.subvolumes.is_complete() ? "" : "; there may be more, which can't be read";
        put("Subvolumes:", text);
        TextTable table({1, 2, 3, 4});
        table.add_row({"   Id", "Made", "UUID", "", "Path"});
        for (const auto& subvolume : all | std::views::take(most)) {
            table.add_row({fmt::format("{:>5}", subvolume.id()), time_or_dash(subvolume.root.item.otime),
                           uuid_or_dash(subvolume.root.item.uuid), marks_of(subvolume),
                           subvolume.is_deleted() ? "(deleted)" : printable(subvolume.path)});
        }
        text_ += table.text();
        if (all.size() > most) {
            text_ += fmt::format("   ... and {} more (-v tells all)\n", all.size() - most);
        }
    }

    /// "r" read-only, "s" a snapshot, "d" the default one.
    static std::string marks_of(const subvolume::SubvolumeInfo& subvolume) {
        return fmt::format("{}{}{}", subvolume.is_read_only() ? 'r' : '-', subvolume.root.is_snapshot() ? 's' : '-',
                           subvolume.is_default ? 'd' : '-');
    }

    void put_state(Verbosity verbosity) {
        std::string found;
        put_findings(found, glance_.findings, verbosity);
        put("At a glance:", found.empty() ? "nothing is wrong; only btrkit-check knows"
                                          : (glance_.has_errors() ? "damaged" : "nothing is wrong, but:"));
        text_ += found;
        put("Next:", glance_.next_step());
    }

    const Glance& glance_;
    const btrfs::Superblock& super_;
    std::string text_;
};

} // namespace

std::string info_text(const Glance& glance, Verbosity verbosity) {
    return InfoText(glance).of(verbosity);
}

} // namespace btrkit::apps
