# The applier's test runs real Postfix instances on plans that the features make.
if(TARGET test_applier)
  target_link_libraries(test_applier PRIVATE postern_features)
  set_tests_properties(applier PROPERTIES TIMEOUT 180)
endif()
