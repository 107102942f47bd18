// SPDX-License-Identifier: MIT
// A sorted map in arrays: a hundred entries lie side by side, where a tree of nodes has each by itself. So to walk
// along it, to append to it and to look things up costs few cache misses, and no allocation an entry.
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

namespace btrkit {

/// Iterators, and addresses of values, count until the next change.
template <class Key, class Value>
class ArrayMap {
public:
    struct Entry {
        Key key;
        Value value;
    };
    static_assert(std::is_trivially_copyable_v<Entry>, "entries are moved about");

    /// Stands on an entry, or behind the last one.
    class Iterator {
    public:
        Iterator(const ArrayMap& map, std::size_t array, std::size_t slot) : map_(&map), array_(array), slot_(slot) {}

        const Entry& operator*() const { return map_->arrays_[array_][slot_]; }
        const Entry* operator->() const { return &**this; }
        Iterator& operator++() {
            if (++slot_ == map_->arrays_[array_].size()) {
                ++array_;
                slot_ = 0;
            }
            return *this;
        }
        Iterator& operator--() {
            if (slot_ == 0) {
                slot_ = map_->arrays_[--array_].size();
            }
            --slot_;
            return *this;
        }
        friend bool operator==(const Iterator&, const Iterator&) = default;

    private:
        const ArrayMap* map_;
        std::size_t array_;
        std::size_t slot_;
    };

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    Iterator begin() const { return {*this, 0, 0}; }
    Iterator end() const { return {*this, arrays_.size(), 0}; }

    /// The first entry whose key is not below that one.
    Iterator lower_bound(const Key& key) const { return iterator_at(place_of(key)); }
    /// The first entry whose key is above that one.
    Iterator upper_bound(const Key& key) const {
        auto at = lower_bound(key);
        return at != end() && at->key == key ? ++at : at;
    }

    /// Null where there is none of that key.
    const Value* find(const Key& key) const {
        const Place place = place_of(key);
        return is_at(place, key) ? &arrays_[place.array][place.slot].value : nullptr;
    }

    /// The value of that key, and whether it was made now, as Value().
    std::pair<Value*, bool> try_emplace(const Key& key) {
        Place place = place_of(key);
        if (is_at(place, key)) {
            return {&arrays_[place.array][place.slot].value, false};
        }
        place = make_room(place);
        auto& array = arrays_[place.array];
        array.insert(array.begin() + static_cast<std::ptrdiff_t>(place.slot), Entry{key, Value()});
        if (place.slot == 0) {
            first_keys_[place.array] = key;
        }
        ++size_;
        return {&array[place.slot].value, true};
    }

    /// Whether there was one.
    bool erase(const Key& key) {
        const Place place = place_of(key);
        if (!is_at(place, key)) {
            return false;
        }
        auto& array = arrays_[place.array];
        array.erase(array.begin() + static_cast<std::ptrdiff_t>(place.slot));
        --size_;
        if (array.empty()) {
            arrays_.erase(arrays_.begin() + static_cast<std::ptrdiff_t>(place.array));
            first_keys_.erase(first_keys_.begin() + static_cast<std::ptrdiff_t>(place.array));
        } else {
            first_keys_[place.array] = array.front().key;
        }
        return true;
    }

    void clear() {
        arrays_.clear();
        first_keys_.clear();
        size_ = 0;
    }

private:
    static constexpr std::size_t most_entries = 128;

    /// Where a key stands, or would. The slot may be behind the array's last one.
    struct Place {
        std::size_t array = 0;
        std::size_t slot = 0;
    };

    Place place_of(const Key& key) const {
        const auto above = std::ranges::upper_bound(first_keys_, key);
        if (above == first_keys_.begin()) {
            return {};
        }
        const auto array = static_cast<std::size_t>(above - first_keys_.begin()) - 1;
        const auto found = std::ranges::lower_bound(arrays_[array], key, {}, &Entry::key);
        return {array, static_cast<std::size_t>(found - arrays_[array].begin())};
    }
    bool is_at(const Place& place, const Key& key) const {
        return place.array < arrays_.size() && place.slot < arrays_[place.array].size() &&
               arrays_[place.array][place.slot].key == key;
    }
    Iterator iterator_at(const Place& place) const {
        const bool is_behind = place.array < arrays_.size() && place.slot == arrays_[place.array].size();
        return is_behind ? Iterator(*this, place.array + 1, 0) : Iterator(*this, place.array, place.slot);
    }

    void add_array(std::size_t index) {
        auto& array = *arrays_.emplace(arrays_.begin() + static_cast<std::ptrdiff_t>(index));
        array.reserve(most_entries);
        first_keys_.emplace(first_keys_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    /// Where an entry for that place can be put in. What only grows at its end is packed: full arrays stay so.
    Place make_room(Place place) {
        if (arrays_.empty()) {
            add_array(0);
        }
        if (arrays_[place.array].size() < most_entries) {
            return place;
        }
        add_array(place.array + 1);
        if (place.slot == most_entries && place.array + 2 == arrays_.size()) {
            return {place.array + 1, 0};
        }
        auto& full = arrays_[place.array];
        auto& upper = arrays_[place.array + 1];
        const std::size_t half = most_entries / 2;
        upper.assign(full.begin() + half, full.end());
        full.resize(half);
        first_keys_[place.array + 1] = upper.front().key;
        return place.slot <= half ? place : Place{place.array + 1, place.slot - half};
    }

    std::vector<std::vector<Entry>> arrays_; ///< none is empty
    std::vector<Key> first_keys_;            ///< of each array
    std::size_t size_ = 0;
};

} // namespace btrkit
