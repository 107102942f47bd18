// SPDX-License-Identifier: MIT
// mkfs's options: what is refused, and that each has its effect.
#include "tests/apps/mkfs_run.h"

namespace mkfs_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// A folder with a small source in it.
struct Source {
    Source() {
        std::filesystem::create_directories(folder / "root/sub");
        write_file(folder / "root/file", std::string(10000, 'x'));
        write_file(folder / "root/sub/inner", "inner");
    }
    std::string root() const { return folder / "root"; }

    TemporaryFolder folder;
};

bool has(const Json& list, std::string_view name) {
    return std::ranges::any_of(list, [&](const Json& word) { return word.get<std::string>() == name; });
}

Json filesystem_of(const std::vector<std::string>& arguments, int device_count = 1) {
    return planned(arguments, device_count)["filesystem"];
}

} // namespace

TEST_CASE("mkfs: help and version") {
    const auto help = mkfs_well({"--help"});
    CHECK(help.out.starts_with("Usage: btrkit-mkfs [OPTIONS] IMAGE..."));
    CHECK(contains(help.out, "--rootdir DIR"));
    for (const auto* flag : {"-V", "--version"}) {
        CHECK(mkfs_well({flag}).out.starts_with("btrkit-mkfs 0."));
    }
}

TEST_CASE("mkfs: wrong usage is status 2 and one line") {
    const auto wrong = [](const std::vector<std::string>& arguments, const std::string& part) {
        CAPTURE(part);
        check_refused(mkfs(arguments), 2, {part});
    };
    wrong({}, "IMAGE is required (see btrkit-mkfs --help)");
    wrong({"--nonsense", "image"}, "--nonsense");
    wrong({"image", "-n", "16x"}, "'16x' is no size");
    wrong({"image", "-s", ""}, "'' is no size");
    wrong({"image", "-b", "-1"}, "-b");
    wrong({"image", "--size", "much"}, "'much' is not auto, min+SLACK or a size");
    wrong({"image", "--size", "min+"}, "'min+' is not auto");
    wrong({"image", "--size", "min+1x"}, "'min+1x' is not auto");
    wrong({"image", "-U", "1234"}, "'1234' is no uuid");
    wrong({"image", "--device-uuid", "x"}, "'x' is no uuid");
    wrong({"image", "--compress", "rar"}, "unknown compression 'rar'");
    wrong({"image", "--compress", "zstd:16"}, "from 1 to 15");
    wrong({"image", "--compress", "zlib:10"}, "from 1 to 9");
    wrong({"image", "--compress", "no:1"}, "no has no levels");
    wrong({"image", "-u", "rw:"}, "a subvolume needs a path");
    wrong({"image", "--inode-flags", "nodatacow"}, "'nodatacow' is not FLAGS:PATH");
    wrong({"image", "--inode-flags", "fast:path"}, "unknown inode flag 'fast'");
    wrong({"image", "--inode-flags", ":path"}, "unknown inode flag ''");
    for (const auto* owner : {"1", "1:2:3", ""}) {
        wrong({"image", "--owner", owner}, "is not USER:GROUP");
    }
    for (const auto* owner : {"no-such-user:root", "4294967295:0", "-1:0", ":0"}) {
        wrong({"image", "--owner", owner}, "this host has no user");
    }
    wrong({"image", "--owner", "root:no such group"}, "this host has no group 'no such group'");
    for (const auto* map : {"1:2", "0:0:0", "1:2:3,", "", ",", "4294967295:0:1", "x:y:z"}) {
        wrong({"image", "--uid-map", map}, "is not FROM:TO:COUNT");
        wrong({"image", "--gid-map", map}, "is not FROM:TO:COUNT");
    }
    wrong({"image", "--format", "lines"}, "not one of text or json");
    wrong({"image", "--threads", "0"}, "not from 1 to 256");
}

TEST_CASE("mkfs: what contradicts itself is wrong usage") {
    const auto contradict = [](std::vector<std::string> arguments, const std::string& part) {
        CAPTURE(part);
        arguments.emplace_back("/nothing/there/image");
        check_refused(mkfs(arguments), 2, {part});
    };
    const std::string uuid = "01234567-89ab-cdef-0123-456789abcdef";
    contradict({"-r", "dir", "--tar", "file"}, "--rootdir and --tar exclude each other");
    contradict({"--size", "1g", "-b", "1g"}, "--size and --byte-count exclude each other");
    contradict({"-r", "dir", "--shrink", "--size", "1g"}, "--shrink and --size exclude each other");
    contradict({"--seed", "x", "-U", uuid}, "--seed and --uuid exclude each other");
    contradict({"-r", "dir", "--reflink", "--compress", "zstd"}, "--reflink needs --rootdir, and excludes --compress");
    contradict({"--tar", "file", "--reflink"}, "--reflink needs --rootdir");
    contradict({"-r", "dir", "--all-root", "--owner", "1:1"}, "--all-root and --owner exclude each other");
    contradict({"-r", "dir", "-u", "default:a", "-u", "default-ro:b"}, "only one subvolume can be the default");
    for (const std::vector<std::string>& option : {std::vector<std::string>{"--shrink"},
                                                   {"-u", "dir"},
                                                   {"--inode-flags", "nodatacow:file"},
                                                   {"--compress", "zstd"},
                                                   {"--all-root"},
                                                   {"--owner", "1:1"},
                                                   {"--uid-map", "0:1:1"},
                                                   {"--gid-map", "0:1:1"}}) {
        contradict(option, "need --rootdir or --tar");
    }
}

TEST_CASE("mkfs: label and uuids") {
    const std::string uuid = "01234567-89ab-cdef-0123-456789abcdef";
    const auto named = filesystem_of({"-L", "a label", "-U", uuid});
    CHECK(named["label"] == "a label");
    CHECK(named["uuid"] == uuid);
    CHECK(filesystem_of({"--label", std::string(255, 'l')})["label"].get<std::string>().size() == 255);
    CHECK(filesystem_of({"-L", "\xff"})["label_hex"] == "ff");
    check_not_planned({"-L", std::string(256, 'l')}, {"label is 256 bytes long; at most 255 fit"});
    check_not_planned({"-L", "two\nlines"}, {"label contains a newline"});
    CHECK(planned({"--device-uuid", uuid})["devices"][0]["uuid"] == uuid);
    check_not_planned({"--device-uuid", uuid}, {"only be given for a single device"}, 2);
    CHECK(filesystem_of({})["uuid"] != filesystem_of({})["uuid"]);
    CHECK(filesystem_of({"--seed", "a"})["uuid"] == filesystem_of({"--seed", "a"})["uuid"]);
    CHECK(filesystem_of({"--seed", "a"})["uuid"] != filesystem_of({"--seed", "b"})["uuid"]);
    const auto devices = planned({"--seed", "a"}, 2)["devices"];
    CHECK(devices[0]["uuid"] != devices[1]["uuid"]);
    CHECK(devices == planned({"-U", filesystem_of({"--seed", "a"})["uuid"]}, 2)["devices"].patch([&] {
        return Json::parse(R"([{"op":"replace","path":"/0/path","value":)" + devices[0]["path"].dump() +
                           R"(},{"op":"replace","path":"/1/path","value":)" + devices[1]["path"].dump() + "}]");
    }()));
}

TEST_CASE("mkfs: node and sector sizes") {
    const auto sizes = [](const std::vector<std::string>& arguments) {
        const auto filesystem = filesystem_of(arguments);
        return std::pair<u64, u64>(filesystem["nodesize"], filesystem["sectorsize"]);
    };
    CHECK(sizes({}) == std::pair<u64, u64>(16384, 4096));
    CHECK(sizes({"-n", "4k"}) == std::pair<u64, u64>(4096, 4096));
    CHECK(sizes({"--nodesize", "65536"}) == std::pair<u64, u64>(65536, 4096));
    CHECK(sizes({"-s", "8K"}) == std::pair<u64, u64>(16384, 8192));
    CHECK(sizes({"--sectorsize", "64k"}) == std::pair<u64, u64>(65536, 65536));
    CHECK(sizes({"-M", "-s", "8k"}) == std::pair<u64, u64>(8192, 8192));
    CHECK(has(filesystem_of({})["incompat_flags"], "big_metadata"));
    CHECK_FALSE(has(filesystem_of({"-n", "4k"})["incompat_flags"], "big_metadata"));
    for (const auto* size : {"2k", "12k", "128k", "0"}) {
        check_not_planned({"-n", size}, {"node size"});
        check_not_planned({"-s", size}, {"sector size"});
    }
    check_not_planned({"-s", "16k", "-n", "8k"}, {"node size 8192", "sector size (16384)"});
}

TEST_CASE("mkfs: checksums by any of their names") {
    for (const auto& [name, known] : std::vector<std::pair<std::string, std::string>>{{"crc32c", "crc32c"},
                                                                                      {"CRC32C", "crc32c"},
                                                                                      {"xxhash", "xxhash64"},
                                                                                      {"XXHash64", "xxhash64"},
                                                                                      {"sha256", "sha256"},
                                                                                      {"Blake2", "blake2b"},
                                                                                      {"blake2b", "blake2b"}}) {
        CHECK(filesystem_of({"--csum", name})["checksum"] == known);
        CHECK(filesystem_of({"--checksum", name})["checksum"] == known);
    }
    check_not_planned({"--csum", "md5"}, {"unknown checksum 'md5'"});
}

TEST_CASE("mkfs: lists of features") {
    const auto flags = [](const std::vector<std::string>& arguments) {
        const auto filesystem = filesystem_of(arguments);
        Json all = filesystem["incompat_flags"];
        all.insert(all.end(), filesystem["compat_ro_flags"].begin(), filesystem["compat_ro_flags"].end());
        return all;
    };
    const auto standard = flags({});
    for (const auto* name : {"extended_iref", "skinny_metadata", "no_holes", "free_space_tree", "block_group_tree"}) {
        CHECK_MESSAGE(has(standard, name), name);
    }
    for (const auto* option : {"-O", "-R", "--features", "--runtime-features"}) {
        CHECK_FALSE(has(flags({option, "^extref,^skinny-metadata"}), "extended_iref"));
        CHECK_FALSE(has(flags({option, "^skinny-metadata", option, "^extref"}), "skinny_metadata"));
    }
    CHECK(flags({"-O", "^no-holes,no-holes"}) == standard);
    CHECK(flags({"-O", "^fst", "-O", "fst"}) == standard);
    CHECK_FALSE(has(flags({"-O", "^bgt"}), "block_group_tree"));
    CHECK_FALSE(has(flags({"-O", "^no-holes"}), "block_group_tree"));
    CHECK_FALSE(has(flags({"-O", "^fst"}), "free_space_tree_valid"));
    CHECK(has(flags({"-O", "raid56,raid1c34"}), "raid56"));
    CHECK(filesystem_of({"-O", "mixed-bg"})["mixed"] == true);
    CHECK(filesystem_of({"-R", "quota"})["quota"] == true);
    const auto squota = filesystem_of({"-O", "quota,squota"});
    CHECK(squota["simple_quota"] == true);
    CHECK(squota["quota"] == false);
    CHECK(filesystem_of({"-O", "quota,^quota"})["quota"] == false);
    check_not_planned({"-O", "fast"}, {"unknown feature 'fast'"});
    for (const auto* name : {"raid-stripe-tree", "extent-tree-v2", "remap-tree", "zoned"}) {
        check_not_planned({"-O", name}, {std::string("feature '") + name + "' is"});
    }
    check_not_planned({"-O", "rst"}, {"feature 'raid-stripe-tree' is experimental"});
    const auto list = mkfs_well({"-O", "list-all"}).out;
    for (const auto* name : {"mixed-bg ", "quota ", "extref ", "raid56 ", "skinny-metadata ", "no-holes ", "squota ",
                             "free-space-tree ", "raid1c34 ", "zoned ", "block-group-tree ", "raid-stripe-tree "}) {
        CHECK_MESSAGE(contains("\n" + list, std::string("\n") + name), name);
    }
}

TEST_CASE("mkfs: block-group-tree that was asked for but can't be is a warning") {
    const TemporaryFolder folder;
    const auto run = mkfs({"--dry-run", "--size", "1g", "-O", "bgt,^no-holes", folder / "image"});
    CHECK(run.status == 0);
    CHECK(run.err == "btrkit-mkfs: warning: block-group-tree is left out: it needs no-holes and free-space-tree\n");
}

TEST_CASE("mkfs: profiles and the devices that they need") {
    const std::vector<std::pair<std::string, int>> profiles = {{"single", 1}, {"dup", 1},     {"raid0", 1},
                                                               {"raid1", 2},  {"raid1c3", 3}, {"raid1c4", 4},
                                                               {"raid10", 2}, {"raid5", 2},   {"raid6", 3}};
    for (const auto& [name, least] : profiles) {
        CAPTURE(name);
        const auto document = planned({"-d", name, "--metadata", name}, least);
        CHECK(document["filesystem"]["data_profile"] == name);
        CHECK(document["filesystem"]["metadata_profile"] == name);
        for (const auto& chunk : document["chunks"]) {
            CHECK(chunk["profile"] == name);
        }
        if (least > 1) {
            const auto needs =
                "needs at least " + std::to_string(least) + " devices, " + std::to_string(least - 1) + " given";
            check_not_planned({"-d", name}, {"profile " + name, needs}, least - 1);
            check_not_planned({"-d", "single", "-m", name}, {"profile " + name, needs}, least - 1);
        }
    }
    check_not_planned({"-d", "raid7"}, {"unknown profile 'raid7'"});
    CHECK(filesystem_of({"-d", "RAID0"}, 2)["data_profile"] == "raid0");
    CHECK(filesystem_of({})["metadata_profile"] == "dup");
    CHECK(filesystem_of({}, 2)["metadata_profile"] == "raid1");
    CHECK(filesystem_of({}, 2)["data_profile"] == "single");
    CHECK(has(filesystem_of({"-d", "raid6"}, 3)["incompat_flags"], "raid56"));
    CHECK(has(filesystem_of({"-m", "raid1c3"}, 3)["incompat_flags"], "raid1c34"));
}

TEST_CASE("mkfs: mixed block groups") {
    const auto mixed = planned({"-M"});
    CHECK(mixed["filesystem"]["data_profile"] == "single");
    CHECK(mixed["filesystem"]["metadata_profile"] == "single");
    CHECK(has(mixed["filesystem"]["incompat_flags"], "mixed_groups"));
    for (const auto& chunk : mixed["chunks"]) {
        CHECK((chunk["type"] == "system" || chunk["type"] == "mixed"));
    }
    CHECK(filesystem_of({"--mixed", "-d", "dup"})["metadata_profile"] == "dup");
    CHECK(filesystem_of({"--mixed", "-m", "dup"})["data_profile"] == "dup");
    check_not_planned({"-M", "-d", "single", "-m", "dup"}, {"same profile for data (single) and metadata (dup)"});
    check_not_planned({"-M", "-n", "16k"}, {"node size (16384) equal to the sector size (4096)"});
}

TEST_CASE("mkfs: what is seldom meant is a warning, in JSON too") {
    const auto document = planned({"-d", "raid5", "-m", "dup"}, 2);
    CHECK(document["warnings"].size() == 4);
    const TemporaryFolder folder;
    const auto run = mkfs({"--dry-run", "--size", "1g", "-d", "raid1", "-m", "single", folder / "a", folder / "b"});
    CHECK(run.status == 0);
    CHECK(run.err == "btrkit-mkfs: warning: metadata (single) is less redundant than data (RAID1)\n");
    CHECK(mkfs({"-q", "--dry-run", "--size", "1g", "-d", "raid1", "-m", "single", folder / "a", folder / "b"}).err ==
          "");
}

TEST_CASE("mkfs: --threads, --progress, --member, -v, -K") {
    const Source source;
    const auto image = source.folder / "image";
    const auto verbose = mkfs({"-v", "-K", "--threads", "3", "-r", source.root(), image});
    CHECK(verbose.status == 0);
    CHECK(contains(verbose.err, "btrkit-mkfs: chunk METADATA"));
    const auto run = mkfs({"-f", "--progress", "-r", source.root(), "--size", "auto", image});
    CHECK(run.status == 0);
    CHECK(contains(run.err, "writing files"));
    const auto document =
        mkfs_json_of({"--dry-run", "--size", "1g", source.folder / "a", "--member", source.folder / "b"});
    CHECK(document["devices"].size() == 2);
    CHECK(document["devices"][1]["path"] == source.folder / "b");
}

TEST_CASE("mkfs: --reflink does it, or says that the host can't and leaves nothing") {
    const Source source;
    const auto image = source.folder / "image";
    const auto run = mkfs({"--reflink", "-r", source.root(), image});
    if (run.status != 0) {
        check_refused(run, 1, {image + ": cannot share blocks", " of the source (without --reflink it is copied)"});
    }
    CHECK(is_there(image) == (run.status == 0));
}

} // namespace mkfs_test
