// SPDX-License-Identifier: MIT
// What users may ask for, and what becomes of it.
#include "libfs/ops/mkfs/parameters.h"

#include <doctest/doctest.h>

namespace mkfs_parameters_test {

using namespace btrkit;
using namespace btrkit::mkfs;

namespace {

Requests plain_requests() {
    return {.fsid = uuid_from_seed("test"), .now = {.sec = 1'000'000'000}};
}

Result<Parameters> settle_for(const Requests& requests, std::size_t devices = 1) {
    std::vector<std::string> warnings;
    return settle_parameters(requests, devices, warnings);
}

Result<Features> features_of(const std::string& list) {
    std::vector<std::string> warnings;
    const std::string lists[] = {list};
    return settle_features(lists, warnings);
}

} // namespace

TEST_CASE("the defaults are the peer's: 16 KiB nodes, 4 KiB sectors, crc32c, single data, dup or raid1 metadata") {
    const auto one = settle_for(plain_requests());
    REQUIRE(one);
    CHECK(one->geometry.nodesize == 16384);
    CHECK(one->geometry.sectorsize == 4096);
    CHECK(one->geometry.csum_type == btrfs::CsumType::crc32c);
    CHECK(one->data_profile == 0);
    CHECK(one->metadata_profile == btrfs::block_group_dup);
    CHECK(one->geometry.incompat_flags == 0x361);
    CHECK(one->geometry.compat_ro_flags == 0xb);
    const auto two = settle_for(plain_requests(), 2);
    REQUIRE(two);
    CHECK(two->metadata_profile == btrfs::block_group_raid1);
    CHECK(two->device_uuids.size() == 2);
    CHECK(two->device_uuids[0] != two->device_uuids[1]);
}

TEST_CASE("names of profiles and checksums are taken in any case, with the peer's short forms") {
    Requests requests = plain_requests();
    requests.data_profile = "RAID1c3";
    requests.checksum = "XXHash";
    const auto parameters = settle_for(requests, 3);
    REQUIRE(parameters);
    CHECK(parameters->data_profile == btrfs::block_group_raid1c3);
    CHECK(parameters->geometry.csum_type == btrfs::CsumType::xxhash64);
    CHECK(parameters->has_incompat(btrfs::incompat_raid1c34));
    requests.checksum = "blake2";
    CHECK(settle_for(requests, 3)->geometry.csum_size_bytes == 32);
    CHECK_FALSE(settle_for(requests, 2));
    requests.data_profile = "raid7";
    CHECK_FALSE(settle_for(requests, 9));
}

TEST_CASE("sizes: powers of two only, nodes not below sectors, equal where groups are mixed") {
    const auto with = [](std::optional<u64> nodesize, std::optional<u64> sectorsize, bool mixed = false) {
        Requests requests = plain_requests();
        requests.nodesize_bytes = nodesize;
        requests.sectorsize_bytes = sectorsize;
        requests.mixed = mixed;
        return settle_for(requests);
    };
    CHECK(with(4096, {}));
    CHECK(with(65536, 65536));
    CHECK(with({}, 32768)->geometry.nodesize == 32768);
    CHECK_FALSE(with(12288, {}));
    CHECK_FALSE(with(8192, 16384));
    CHECK_FALSE(with(131072, {}));
    CHECK_FALSE(with({}, 2048));
    CHECK(with({}, {}, true)->geometry.nodesize == 4096);
    CHECK(with({}, {}, true)->has_incompat(btrfs::incompat_mixed_groups));
    CHECK_FALSE(with(16384, {}, true));
}

TEST_CASE("features: lists change the defaults, what is experimental or zoned is refused by name") {
    CHECK((features_of("^no-holes")->incompat & btrfs::incompat_no_holes) == 0);
    CHECK_FALSE(features_of("^no-holes")->has_block_group_tree());
    CHECK_FALSE(features_of("^fst")->has_free_space_tree());
    CHECK(features_of("quota")->quota);
    CHECK(features_of("quota,squota")->simple_quota);
    CHECK_FALSE(features_of("quota,squota")->quota);
    for (const char* name : {"zoned", "raid-stripe-tree", "extent-tree-v2", "remap-tree", "nonsense"}) {
        const auto refused = features_of(name);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message.find(name) != std::string::npos);
    }
    for (const auto& info : feature_table()) {
        CHECK(list_features().find(info.name) != std::string::npos);
    }
}

TEST_CASE("left out on request, the block group tree goes with what it needs, and that is said") {
    std::vector<std::string> warnings;
    const std::string lists[] = {"bgt", "^fst"};
    const auto features = settle_features(lists, warnings);
    REQUIRE(features);
    CHECK_FALSE(features->has_block_group_tree());
    CHECK(warnings.size() == 1);
}

TEST_CASE("uuids derive from the fsid: always the same, all different, and marked as random ones") {
    const auto fsid = uuid_from_seed("a");
    CHECK(fsid == uuid_from_seed("a"));
    CHECK(fsid != uuid_from_seed("b"));
    CHECK(derived_uuid(fsid, "device", 1) != derived_uuid(fsid, "device", 2));
    CHECK(derived_uuid(fsid, "device", 1) != derived_uuid(fsid, "subvolume", 1));
    CHECK((fsid.bytes[6] >> 4) == 4);
    CHECK((fsid.bytes[8] >> 6) == 2);
}

TEST_CASE("labels: 255 bytes without newline") {
    Requests requests = plain_requests();
    requests.label = std::string(255, 'x');
    CHECK(settle_for(requests));
    requests.label += 'x';
    CHECK_FALSE(settle_for(requests));
    requests.label = "a\nb";
    CHECK_FALSE(settle_for(requests));
}

} // namespace mkfs_parameters_test
