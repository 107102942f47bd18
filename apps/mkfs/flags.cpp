// SPDX-License-Identifier: MIT
#include "apps/mkfs/flags.h"

#include "apps/common/exit_status.h"
#include "libfs/base/names.h"
#include "libfs/ops/source/ownership_text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// An option whose value is parsed by `parse` and handed to `store`.
template <class Parse, class Store>
void add_parsed(CLI::App& app, const std::string& names, const std::string& value, const std::string& what, Parse parse,
                Store store) {
    const auto on_value = [names, parse, store](const std::vector<std::string>& texts) {
        for (const auto& text : texts) {
            auto parsed = parse(text);
            if (!parsed) {
                throw CLI::ValidationError(names, parsed.error().message);
            }
            store(std::move(*parsed));
        }
    };
    app.add_option_function<std::vector<std::string>>(names, on_value, what)
        ->option_text(value)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

Result<btrfs::Uuid> parse_uuid_flag(std::string_view text) {
    const auto uuid = parse_uuid(text);
    if (!uuid) {
        return fail(ErrorKind::usage, fmt::format("'{}' is no uuid", text));
    }
    return *uuid;
}

void declare_layout(CommandLine& line, MkfsFlags& flags) {
    line.begin_group("The filesystem");
    auto& app = line.app();
    auto& requests = flags.requests;
    app.add_option("-d,--data", requests.data_profile,
                   "data profile: single, dup, raid0, raid1, raid1c3, raid1c4, raid10, raid5, raid6")
        ->option_text("PROFILE");
    app.add_option("-m,--metadata", requests.metadata_profile, "metadata profile; dup on one device, raid1 on several")
        ->option_text("PROFILE");
    app.add_flag("-M,--mixed", requests.mixed, "data and metadata in the same block groups");
    line.add_size("-n,--nodesize", requests.nodesize_bytes, "bytes of a tree block (default 16k)");
    line.add_size("-s,--sectorsize", requests.sectorsize_bytes, "bytes of a data block (default 4k)");
    app.add_option("--csum,--checksum", requests.checksum, "crc32c, xxhash, sha256 or blake2")->option_text("TYPE");
    const auto add_features = [&requests](const std::vector<std::string>& lists) {
        requests.features.insert(requests.features.end(), lists.begin(), lists.end());
    };
    app.add_option_function<std::vector<std::string>>("-O,--features,-R,--runtime-features", add_features,
                                                      "features, ^NAME to leave out; list-all shows them")
        ->option_text("LIST")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    app.add_option("-L,--label", requests.label, "label, up to 255 bytes")->option_text("LABEL");
    add_parsed(app, "-U,--uuid", "UUID", "uuid of the filesystem; the others derive from it", parse_uuid_flag,
               [&](btrfs::Uuid uuid) { requests.fsid = uuid; });
    add_parsed(app, "--device-uuid", "UUID", "uuid of the only device", parse_uuid_flag,
               [&](btrfs::Uuid uuid) { requests.device_uuid = uuid; });
    app.add_option("--seed", flags.seed, "any text that all uuids derive from")->option_text("TEXT");
}

void declare_source(CommandLine& line, MkfsFlags& flags) {
    line.begin_group("What it holds");
    auto& app = line.app();
    app.add_option("-r,--rootdir", flags.rootdir, "fill it with what is in this directory")->option_text("DIR");
    app.add_option("--tar", flags.tar, "fill it from this tar archive; - is standard input")->option_text("FILE");
    add_parsed(app, "-u,--subvol", "TYPE:DIR", "a subvolume: rw, ro, default, default-ro; repeatable", parse_subvolume,
               [&](SubvolumeFlag flag) { flags.subvolumes.push_back(std::move(flag)); });
    add_parsed(app, "--compress", "ALGO[:LEVEL]", "zstd, zlib, lzo or no", parse_compression,
               [&](CompressionMethod method) { flags.requests.compression = method; });
    line.begin_group("More of what it holds");
    add_parsed(app, "--inode-flags", "FLAGS:PATH", "nodatacow, nodatasum for PATH and all below; repeatable",
               parse_inode_flags, [&](InodeFlagsFlag flag) { flags.inode_flags.push_back(std::move(flag)); });
    app.add_flag("--reflink", flags.reflink,
                 "share blocks with the source instead of copying; the host must be able to");
    app.add_flag("--all-root", flags.ownership.all_root, "root owns everything");
    add_parsed(app, "--owner", "USER:GROUP", "who owns everything", source::parse_owner,
               [&](auto owner) { flags.ownership.owner = owner; });
    add_parsed(app, "--uid-map", "FROM:TO:COUNT", "change user ids; ranges parted by commas", source::parse_id_map,
               [&](auto map) { flags.ownership.uid_map = std::move(map); });
    add_parsed(app, "--gid-map", "FROM:TO:COUNT", "change group ids likewise", source::parse_id_map,
               [&](auto map) { flags.ownership.gid_map = std::move(map); });
}

void declare_devices(CommandLine& line, MkfsFlags& flags) {
    line.begin_group("Where it goes");
    auto& app = line.app();
    line.add_size("-b,--byte-count", flags.byte_count, "use only SIZE of each device");
    add_parsed(app, "--size", "SIZE", "of each image: bytes, auto: least, or min+SLACK", parse_size_flag,
               [&](SizeFlag size) { flags.size = size; });
    app.add_flag("--shrink", flags.shrink, "cut the image to what the content needs");
    app.add_flag("--dry-run", flags.dry_run, "print the plan and write nothing");
    app.add_flag("-f,--force", flags.force, "overwrite another filesystem or partition table");
    app.add_flag("-K,--nodiscard", flags.nodiscard, "do not give the devices' space back first");
}

/// What contradicts itself, or means nothing together; empty: all is well.
std::string contradiction(const MkfsFlags& flags) {
    if (!flags.rootdir.empty() && !flags.tar.empty()) {
        return "--rootdir and --tar exclude each other";
    }
    if (flags.size && flags.byte_count) {
        return "--size and --byte-count exclude each other";
    }
    if (flags.shrink && flags.size) {
        return "--shrink and --size exclude each other";
    }
    if (flags.seed && !flags.requests.fsid.is_null()) {
        return "--seed and --uuid exclude each other";
    }
    const bool compresses = flags.requests.compression.algorithm != btrfs::Compression::none;
    if (flags.reflink && (compresses || flags.rootdir.empty())) {
        return "--reflink needs --rootdir, and excludes --compress";
    }
    if (flags.ownership.all_root && flags.ownership.owner) {
        return "--all-root and --owner exclude each other";
    }
    const bool needs_source = flags.shrink || !flags.subvolumes.empty() || !flags.inode_flags.empty() ||
                              flags.ownership.all_root || flags.ownership.owner || !flags.ownership.uid_map.empty() ||
                              !flags.ownership.gid_map.empty() || compresses;
    if (needs_source && !flags.has_source()) {
        return "--shrink, --subvol, --inode-flags, --compress and owners need --rootdir or --tar";
    }
    if (std::ranges::count(flags.subvolumes, true, &SubvolumeFlag::is_default) > 1) {
        return "only one subvolume can be the default";
    }
    return {};
}

bool wants_feature_list(const MkfsFlags& flags) {
    return std::ranges::find(flags.requests.features, "list-all") != flags.requests.features.end();
}

} // namespace

std::optional<int> read_mkfs_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                   MkfsFlags& flags) {
    declare_source(line, flags);
    declare_devices(line, flags);
    declare_layout(line, flags);
    line.begin_group("Others");
    line.add_format(flags.format);
    line.add_threads(flags.parallelism.threads);
    line.add_progress();
    line.add_images(flags.images);
    // The list of features needs no image.
    line.app().get_option("IMAGE")->required(false);
    if (const auto status = line.parse(arguments, io)) {
        return status;
    }
    if (wants_feature_list(flags)) {
        return line.print(io, mkfs::list_features());
    }
    if (flags.images.empty()) {
        return line.wrong_usage(io, "IMAGE is required");
    }
    if (const auto wrong = contradiction(flags); !wrong.empty()) {
        return line.wrong_usage(io, wrong);
    }
    return std::nullopt;
}

} // namespace btrkit::apps
