// SPDX-License-Identifier: MIT
// btrkit-tune on images that btrkit-mkfs made.
#include "apps/check/check.h"
#include "apps/dump_super/dump_super.h"
#include "apps/subvolume/subvolume.h"
#include "apps/tune/tune.h"
#include "apps/undo/undo.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/made_image.h"

#include <doctest/doctest.h>

namespace tune_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr const char* chosen = "11111111-2222-4333-8444-555555555555";

ToolRun tune(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_tune, arguments);
}

void must_tune(const std::vector<std::string>& arguments) {
    const auto run = tune(arguments);
    CHECK_MESSAGE(run.status == 0, run.err);
}

Json super_of(const std::string& path) {
    return Json::parse(
        run_tool(apps::run_dump_super, {"--format", "json", path}).out)["devices"][0]["mirrors"][0]["superblock"];
}

Json subvolume_in(const std::string& path, const std::string& name) {
    return Json::parse(run_tool(apps::run_subvolume, {"show", "--format", "json", path, name}).out)["subvolume"];
}

} // namespace

TEST_CASE("tune: a label is set, and taken away") {
    const MadeImage image({"--size", "200m"});
    must_tune({"label", image.path(), "another"});
    CHECK(run_tool(apps::run_subvolume, {"property", "get", image.path(), "/", "label"}).out == "label=another\n");
    must_tune({"label", image.path(), ""});
    CHECK(run_tool(apps::run_subvolume, {"property", "get", image.path(), "/", "label"}).out == "label=\n");
    check_refused(tune({"label", image.path(), std::string(256, 'x')}), 2, {"256 bytes"}, "btrkit-tune");
}

TEST_CASE("tune: new ids for the filesystem, each device and each subvolume; parents follow, and undo goes back") {
    const MadeImage image({"--size", "200m", "-m", "raid1", "-d", "raid1"}, 2);
    const std::vector<std::string> both = {image.path(), "--member", image.path(1)};
    const auto with_both = [&](std::vector<std::string> words) {
        words.insert(words.end(), both.begin(), both.end());
        return words;
    };
    auto snapshot = with_both({"snapshot"});
    snapshot.insert(snapshot.end(), {"/sub", "/snap"});
    REQUIRE(run_tool(apps::run_subvolume, snapshot).status == 0);
    const auto before = image.bytes();
    const auto second_before = image.bytes(1);
    const auto old_super = super_of(image.path());
    const auto old_sub = subvolume_in(image.path(), "sub");

    const auto undo = image.beside("undo");
    must_tune(with_both({"new-uuid", "--uuid", chosen, "--undo", undo}));
    const auto super = super_of(image.path());
    CHECK(super["fsid"] == chosen);
    CHECK(super["metadata_uuid"] == old_super["fsid"]);
    CHECK(super["dev_item"]["fsid"] == old_super["fsid"]);
    CHECK(super["dev_item"]["uuid"] != old_super["dev_item"]["uuid"]);
    CHECK(super_of(image.path(1))["dev_item"]["uuid"] != super["dev_item"]["uuid"]);
    const auto sub = subvolume_in(image.path(), "sub");
    CHECK(sub["uuid"] != old_sub["uuid"]);
    CHECK(subvolume_in(image.path(), "snap")["parent_uuid"] == sub["uuid"]);
    CHECK(subvolume_in(image.path(), "/")["uuid"] != sub["uuid"]);
    CHECK(run_tool(apps::run_check, {"--check-data-csum", image.path(), image.path(1)}).status == 0);
    const auto changed = image.bytes();

    REQUIRE(run_tool(apps::run_undo, {undo, image.path(), image.path(1)}).status == 0);
    CHECK(super_of(image.path())["fsid"] == old_super["fsid"]);
    CHECK(run_tool(apps::run_check, {image.path(), image.path(1)}).status == 0);
    CHECK(subvolume_in(image.path(), "sub") == old_sub);

    // The same id, the same bytes.
    write_image(image.path(), before);
    write_image(image.path(1), second_before);
    const auto rename = [&](const std::string& uuid) {
        std::filesystem::remove(undo);
        return tune(with_both({"new-uuid", "-U", uuid, "--undo", undo}));
    };
    CHECK(rename(chosen).status == 0);
    CHECK((image.bytes() == changed));
    // Interrupted between the devices it is undone, too.
    write_image(image.path(1), second_before);
    REQUIRE(run_tool(apps::run_undo, {undo, image.path(), image.path(1)}).status == 0);
    CHECK(run_tool(apps::run_check, {image.path(), image.path(1)}).status == 0);
    CHECK(contains(tune(with_both({"new-uuid"})).err, "give --undo FILE"));

    CHECK(rename(chosen).status == 0);
    CHECK(contains(rename(chosen).err, "has that id already"));
    // Back to the id that the blocks have: it needs no other one any more.
    CHECK(rename(old_super["fsid"].get<std::string>()).status == 0);
    CHECK(super_of(image.path())["fsid"] == old_super["fsid"]);
    CHECK(super_of(image.path())["metadata_uuid"] == old_super["metadata_uuid"]);
    CHECK(run_tool(apps::run_check, {image.path(), image.path(1)}).status == 0);
}

TEST_CASE("tune set: features, on and not off again; a seed is only changed to end that") {
    const MadeImage image({"--size", "200m", "-O", "^no-holes,^extref"});
    must_tune({"set", image.path(), "no-holes", "extref"});
    const auto names = super_of(image.path())["incompat_flags_names"].dump();
    CHECK(contains(names, "no_holes"));
    CHECK(contains(names, "extended_iref"));
    CHECK(run_tool(apps::run_check, {image.path()}).status == 0);
    check_refused(tune({"set", image.path(), "^no-holes"}), 2, {"can't be switched off"}, "btrkit-tune");
    check_refused(tune({"set", image.path(), "quota"}), 2, {"'quota' can't be set; only on: extref"}, "btrkit-tune");

    must_tune({"set", image.path(), "seeding"});
    check_refused(tune({"label", image.path(), "x"}), 1, {"it is a seed"}, "btrkit-tune");
    must_tune({"set", image.path(), "^seeding"});
    must_tune({"label", image.path(), "x"});
}

TEST_CASE("tune set: the trees that tell of space, begun and given up; what is so already is told") {
    const MadeImage image({"--size", "200m", "-O", "^no-holes,^free-space-tree,^block-group-tree"});
    const auto set = [&](std::vector<std::string> features) {
        features.insert(features.begin(), {"set", image.path()});
        return tune(features);
    };
    const auto flags = [&] { return super_of(image.path())["compat_ro_flags_names"].dump(); };
    check_refused(set({"block-group-tree"}), 1, {"needs free-space-tree: switch that on, too"}, "btrkit-tune");
    check_refused(set({"block-group-tree", "free-space-tree"}), 1, {"needs no-holes: switch that on, too"},
                  "btrkit-tune");
    CHECK(flags() == "[]");
    CHECK_FALSE(contains(set({"free-space-tree"}).out, "already"));
    CHECK(contains(set({"free-space-tree", "^block-group-tree"}).out,
                   "free-space-tree: already so\nblock-group-tree: already so\n"));
    CHECK_FALSE(contains(set({"block-group-tree", "no-holes"}).out, "already"));
    CHECK(contains(flags(), "block_group_tree"));
    CHECK(super_of(image.path())["cache_generation"] == 0);
    check_refused(set({"^free-space-tree"}), 1, {"switch ^block-group-tree before, or with it"}, "btrkit-tune");
    CHECK(run_tool(apps::run_check, {"--check-data-csum", image.path()}).status == 0);

    const auto run = set({"--format", "json", "no-holes", "^free-space-tree", "^block-group-tree"});
    REQUIRE_MESSAGE(run.status == 0, run.err);
    CHECK(Json::parse(run.out)["unchanged_features"] == Json({"no-holes"}));
    CHECK(flags() == "[]");
    CHECK(run_tool(apps::run_check, {"--check-data-csum", image.path()}).status == 0);
    // One commit, each step on what the one before has left.
    write_file(image.beside("script"), std::string_view("set free-space-tree\nset block-group-tree\nset "
                                                        "^block-group-tree\nset ^free-space-tree free-space-tree\n"));
    must_tune({"-f", image.beside("script"), image.path()});
    CHECK_FALSE(contains(flags(), "block_group_tree"));
    CHECK(contains(flags(), "free_space_tree_valid"));
    CHECK(run_tool(apps::run_check, {"--check-data-csum", image.path()}).status == 0);
}

TEST_CASE("tune quota: on for all subvolumes, and off again, however they count") {
    for (const bool is_simple : {false, true}) {
        CAPTURE(is_simple);
        const MadeImage image({"--size", "200m"});
        check_refused(tune({"quota", "disable", image.path()}), 1, {"there are no quotas"}, "btrkit-tune");
        std::vector<std::string> enable = {"quota", "enable", image.path()};
        if (is_simple) {
            enable.emplace_back("-s");
        }
        must_tune(enable);
        CHECK(run_tool(apps::run_check, {image.path()}).status == 0);
        check_refused(tune(enable), 1, {"there are quotas already"}, "btrkit-tune");
        // What comes then has a group, too.
        REQUIRE(run_tool(apps::run_subvolume, {"create", image.path(), "/later"}).status == 0);
        CHECK(run_tool(apps::run_check, {image.path()}).status == 0);
        CHECK(contains(run_tool(apps::run_subvolume, {"show", image.path(), "/later"}).out, "Quota group:\t\t0/257"));
        must_tune({"quota", "disable", image.path()});
        CHECK(run_tool(apps::run_check, {"--check-data-csum", image.path()}).status == 0);
        CHECK(contains(run_tool(apps::run_subvolume, {"show", image.path(), "/later"}).out, "Quota group:\t\tn/a"));
    }
}

TEST_CASE("tune -f: several, one commit; JSON tells the new id") {
    const MadeImage image({"--size", "200m"});
    write_file(image.beside("script"), std::string_view("label 'of a script'\nnew-uuid\n"));
    const auto run = tune({"-f", image.beside("script"), "--format", "json", image.path()});
    REQUIRE_MESSAGE(run.status == 0, run.err);
    const auto document = Json::parse(run.out);
    CHECK(document["new_uuid"] == super_of(image.path())["fsid"]);
    CHECK(document["new_uuid"] != document["filesystem"]["uuid"]);
    CHECK(document["new_generation"] == document["old_generation"].get<u64>() + 1);
    write_file(image.beside("script"), std::string_view("label x\nlabel a b\n"));
    check_refused(tune({"-f", image.beside("script"), image.path()}), 2, {"line 2: ", "one LABEL is required"},
                  "btrkit-tune");
}

} // namespace tune_test
