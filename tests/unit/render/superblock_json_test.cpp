// SPDX-License-Identifier: MIT
#include "libfs/render/superblock_json.h"

#include "libfs/render/problem_json.h"
#include "tests/support/sample_superblock.h"

#include <doctest/doctest.h>

namespace superblock_json_test {

using namespace btrkit;
using btrkit::test::sample_superblock;

TEST_CASE("JSON has every field of the superblock by its name") {
    const auto json = superblock_json(sample_superblock());
    btrfs::for_each_field<btrfs::Superblock>([&](const auto& field) { CHECK(json.contains(std::string(field.name))); });
    CHECK(json["generation"] == 18);
    CHECK(json["magic"] == btrfs::superblock_magic);
    CHECK(json["fsid"] == "f5f5f5f5-f5f5-f5f5-f5f5-f5f5f5f5f5f5");
    CHECK(json["metadata_uuid"].is_null());
    CHECK(json["csum"].get<std::string>().size() == 8);
    CHECK(json["label"] == "sample");
    CHECK(json["label_hex"].is_null());
    CHECK(json["reserved"].is_null());
    CHECK(json["dev_item"]["devid"] == 1);
    CHECK(json["dev_item"]["total_bytes"] == test::sample_device_bytes);
}

TEST_CASE("flags are raw, named and by number") {
    auto super = sample_superblock();
    super.flags = btrfs::super_flag_error | btrfs::super_flag_seeding | btrfs::flag_bit(63);
    super.compat_flags = 8;
    super.compat_ro_flags = btrfs::compat_ro_verity;
    super.incompat_flags = btrfs::incompat_remap_tree;
    const auto json = superblock_json(super);
    CHECK(json["flags"] == u64{super.flags});
    CHECK(json["flags_names"] == Json{"error", "seeding"});
    CHECK(json["flags_unknown_bits"] == Json{63});
    CHECK(json["compat_flags_names"] == Json::array());
    CHECK(json["compat_flags_unknown_bits"] == Json{3});
    CHECK(json["compat_ro_flags_names"] == Json{"verity"});
    CHECK(json["incompat_flags_names"] == Json{"remap_tree"});
    CHECK(json["incompat_flags_unknown_bits"] == Json::array());
}

TEST_CASE("system chunks and backup roots are decoded") {
    auto super = sample_superblock();
    auto json = superblock_json(super);
    REQUIRE(json["sys_chunk_array"]["items"].size() == 1);
    const auto& item = json["sys_chunk_array"]["items"][0];
    CHECK(item["key"]["type"] == 228);
    CHECK(item["key"]["type_name"] == "chunk_item");
    CHECK(item["chunk"]["type_names"] == Json{"system", "dup"});
    CHECK(item["chunk"]["stripes"].size() == 2);
    CHECK(item["chunk"]["stripes"][1]["offset"] == 31457280);
    CHECK(json["sys_chunk_array"]["damage"].is_null());
    REQUIRE(json["backup_roots"].size() == 4);
    CHECK(json["backup_roots"][0].is_null());
    CHECK(json["backup_roots"][1]["extent_root_gen"] == 17);

    test::first_sys_chunk(super).num_stripes = 0;
    json = superblock_json(super);
    CHECK(json["sys_chunk_array"]["items"][0]["chunk"].is_null());
    CHECK(json["sys_chunk_array"]["damage"] == "item 0 has num_stripes 0");
}

TEST_CASE("a label that is no UTF-8 is hexadecimal, and the document can always be written") {
    auto super = sample_superblock();
    super.label = {'\xe4', '"', 'b'};
    auto json = superblock_json(super);
    CHECK(json["label"].is_null());
    CHECK(json["label_hex"] == "e42262");
    CHECK_NOTHROW(json.dump());
    super.label = {'\xc3', '\xa4', '\x1b'};
    json = superblock_json(super);
    CHECK(json["label"] == "\xc3\xa4\x1b");
    CHECK(json.dump().find('\x1b') == std::string::npos);
}

TEST_CASE("an unknown checksum algorithm shows all bytes") {
    auto super = sample_superblock();
    super.csum_type = 4;
    CHECK(superblock_json(super)["csum"].get<std::string>().size() == 64);
}

TEST_CASE("problems have all parts of their place") {
    Place place;
    place.logical = Logical{4096};
    place.tree = 5;
    place.key = btrfs::Key{257, 1, 0};
    const Problem problem{ProblemCode::block_checksum, place, ""};
    const auto json = problem_json(problem);
    CHECK(json["code"] == "block-checksum");
    CHECK(json["severity"] == "error");
    CHECK(json["detail"].is_null());
    CHECK(json["place"]["logical"] == 4096);
    CHECK(json["place"]["device"].is_null());
    CHECK(json["place"]["key"]["type_name"] == "inode_item");
}

} // namespace superblock_json_test
